"""RS256 as Google's own client for Python signs an assertion: google-auth on `cryptography`, which is OpenSSL.

`python3 sign.py FOLDER` takes `key.pem` and `message` of a folder, reads numbers of signatures, one a line, makes so many each time, and prints microseconds of CPU for each and the signature in hex.
"""

import sys
import time
from pathlib import Path

from google.auth.crypt import RSASigner

FOLDER = Path(sys.argv[1])
SIGNER = RSASigner.from_string((FOLDER / "key.pem").read_text(encoding="ascii"))
MESSAGE = (FOLDER / "message").read_bytes()

for line in sys.stdin:
    times = int(line)
    began = time.process_time()
    for _ in range(times):
        signature = SIGNER.sign(MESSAGE)
    took = time.process_time() - began
    print(f"{took * 1e6 / times:.3f} {signature.hex()}", flush=True)
