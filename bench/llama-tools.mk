# llama.cpp's tools from their sources, linked against the shared libraries in $(LIBRARIES). Run by build-llama-bench.sh
# in the folder of the sources.
FLAGS := -O2 -DNDEBUG -DLLAMA_SUBPROCESS -w -Iinclude -Iggml/include -Icommon -Ivendor
LINK := $(wildcard $(LIBRARIES)/libllama-common.so $(LIBRARIES)/libllama.*.so $(LIBRARIES)/libggml.*.so) \
  $(LIBRARIES)/libggml-base.so -Wl,-rpath,$(LIBRARIES) -lpthread

../llama-bench: $(addprefix tools/llama-bench/,llama-bench.cpp main.cpp)
../llama-batched-bench: $(addprefix tools/batched-bench/,batched-bench.cpp main.cpp)
../llama-quantize: $(addprefix tools/quantize/,quantize.cpp main.cpp)
../llama-bench ../llama-batched-bench ../llama-quantize:
	g++ -std=c++17 $(FLAGS) $^ -o $@ $(LINK)

# The server without its web page and its reader of images and sounds: what it calls of that without a file to read is
# in no-media.cpp, and all the rest of it becomes a call that ends the program.
OBJECTS := $(patsubst %.cpp,../server/%.o,$(notdir $(wildcard tools/server/*.cpp) ui.cpp no-media.cpp))
vpath %.cpp tools/server ../server $(HERE)

../llama-server: $(OBJECTS)
	nm $^ | awk '$$1 == "U" {used[$$2]} NF == 3 {made[$$3]} \
	  END {for (name in used) if (name ~ /mtmd/ && !(name in made)) print "-Wl,--defsym=" name "=no_media"}' > ../server/absent
	g++ $^ @../server/absent -o $@ $(LINK)

../server/%.o: %.cpp ../server/ui.h
	g++ -std=c++17 $(FLAGS) -I../server -I. -Itools/server -Itools/mtmd -c $< -o $@

../server/ui.h: tools/ui/ui.h.in
	mkdir -p $(@D)
	sed 's/^#cmakedefine.*//; s/@N_ASSETS@/0/' $< > $@

../server/ui.cpp: tools/ui/ui.cpp.in ../server/ui.h
	sed 's/@ASSET_[A-Z]*@//; s/@N_ASSETS@/0/; s/@USE_GZIP@/false/' $< > $@
