// What llama-server calls of its reader of images and sounds although there is nothing to read; see llama-tools.mk.
#include <cstdlib>
#include "mtmd-helper.h"
#include "mtmd.h"

mtmd_helper_init_opt mtmd_helper_init_opt_default() { return {}; }
void mtmd_helper_log_set(ggml_log_callback, void *) {}
mtmd_context_params mtmd_context_params_default() { return {}; }
void mtmd_free(mtmd_context *) {}
// Stands for everything else of it.
extern "C" void no_media() { abort(); }
