"""What Jupyter starts and ends in a warm kernel's place: it asks for one and lives as long as that does."""

import json
import os
import socket
import sys

with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
    line.connect(sys.argv[1])
    wish = {"arguments": sys.argv[2:], "environment": dict(os.environ), "folder": os.getcwd()}  # noqa: PTH109
    socket.send_fds(line, [json.dumps(wish).encode()], [2])
    told = line.makefile().readline()
sys.exit(int(told or 1))
