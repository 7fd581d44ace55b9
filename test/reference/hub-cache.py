"""What huggingface_hub does with one cache: called by hub-cache.reference.ts with a command, answers as JSON."""
import json
import os
import sys

import huggingface_hub as hub
from huggingface_hub import hf_hub_download, scan_cache_dir, try_to_load_from_cache

REPO, FILE = 'x/y', 'm-Q8_0.gguf'
command, endpoint = sys.argv[1:3]
cache = os.environ['HF_HUB_CACHE']


def scan():
    found = scan_cache_dir(cache)
    return {
        'warnings': [str(warning) for warning in found.warnings],
        'repos': sorted(repo.repo_id for repo in found.repos),
        'files': sorted(f.file_name for repo in found.repos for rev in repo.revisions for f in rev.files),
        'size': found.size_on_disk,
    }


if command == 'version':
    result = hub.__version__
elif command == 'scan':
    result = scan()
elif command == 'load':
    result = try_to_load_from_cache(REPO, FILE, revision=sys.argv[3] if len(sys.argv) > 3 else None)
elif command == 'local':
    result = hf_hub_download(REPO, FILE, local_files_only=True)
elif command == 'download':
    result = hf_hub_download(REPO, FILE, endpoint=endpoint, revision=sys.argv[3] if len(sys.argv) > 3 else None)
elif command == 'delete':
    revisions = [rev.commit_hash for repo in scan_cache_dir(cache).repos for rev in repo.revisions]
    scan_cache_dir(cache).delete_revisions(*revisions).execute()
    result = scan()
print(json.dumps(result))
