# SPDX-License-Identifier: Apache-2.0
"""dcgm.py PAGE: an exporter with the page of DCGM's at /HOST. Each time it is asked, what GPUs do is a bit
more than the time before, seven times, then as at first; later another job has the GPU. Prints its address."""
import collections
import http.server
import re
import sys

page = open(sys.argv[1], encoding="ascii").read()
asked = collections.Counter()
moving = re.compile(r"^(DCGM_FI_DEV_(?:GPU_UTIL|MEM_COPY_UTIL|FB_USED|POWER_USAGE){.*}) (.*)$", re.M)


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        host = self.path.strip("/")
        n = asked[host]
        asked[host] += 1
        more = n % 7 + 20 * (host == "g2")
        text = moving.sub(lambda m: "%s %r" % (m[1], float(m[2]) + more), page)
        text = text.replace("@host@", host).replace("@job@", "1000" if n < 5 else "1001")
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("127.0.0.1:%d" % server.server_address[1], flush=True)
server.serve_forever()
