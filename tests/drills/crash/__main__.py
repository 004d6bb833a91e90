"""The crash drill: `python -m tests.drills.crash --minutes 50 --seeds 100 --database both --guards`."""

import asyncio
import faulthandler
import os
import sys

if __name__ == "__main__":
    # gRPC reads these when it is imported: it would remark on every process that the drill starts.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    faulthandler.enable()
    from tests.drills.crash.drill import main

    sys.exit(asyncio.run(main()))
