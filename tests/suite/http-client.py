# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that are not as they should be, for 44-exporter.sh.

http-client.py PORT unix PATH      GET /metrics over a socket in the file system; prints the body
http-client.py PORT send REQUEST   prints the first line of the answer
http-client.py PORT huge           sends a head without end; prints the status of the answer
http-client.py PORT silent N       connects N times and says nothing, until it is killed
http-client.py PORT deaf N         asks N times and reads nothing, until it is killed
"""
import socket
import sys
import time


def connect(port):
    s = socket.socket()
    s.connect(("127.0.0.1", port))
    return s


def read_all(s):
    data = b""
    while True:
        more = s.recv(65536)
        if not more:
            return data
        data += more


def over_unix(path):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
    sys.stdout.buffer.write(read_all(s).split(b"\r\n\r\n", 1)[1])


def send(port, request):
    s = connect(port)
    s.sendall(request.encode().decode("unicode_escape").encode())
    print(read_all(s).split(b"\r\n")[0].decode())


def huge(port):
    s = connect(port)
    s.sendall(b"GET /metrics HTTP/1.1\r\n")
    try:
        while True:
            s.sendall(b"X: " + 1000 * b"a" + b"\r\n")
    except OSError:
        pass
    try:
        print(s.recv(100).split()[1].decode())
    except (OSError, IndexError):
        print("400")


def many(port, count, request):
    held = []
    for _ in range(count):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        s.setblocking(False)
        s.connect_ex(("127.0.0.1", port))
        held.append(s)
    for s in held:
        try:
            s.send(request)
        except OSError:
            pass
    while True:
        time.sleep(60)


port, what, rest = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
if what == "unix":
    over_unix(rest[0])
elif what == "send":
    send(port, rest[0])
elif what == "huge":
    huge(port)
else:
    many(port, int(rest[0]), b"GET /metrics HTTP/1.1\r\n\r\n" if what == "deaf" else b"")
