# SPDX-License-Identifier: Apache-2.0
"""endless.py EVERY: a Prometheus that has samples of any host at any time, EVERY seconds apart. What it was
asked for is at /asked, as a shell has it. Prints its URL.

  endless_level   a gauge: 0 to 59 and again             endless_work_total   a counter: the time itself
  an expression, asked for step by step: what is left of the time divided by 97
"""
import functools
import http.server
import re
import sys
import urllib.parse

every = int(sys.argv[1])
asked = {"queries": 0, "seconds": 0, "longest": 0, "hosts": 0, "samples": 0, "aligned": 1}
VALUES = {
    "endless_level": lambda t: t // every % 60,
    "endless_work_total": lambda t: t,
    "": lambda t: t % 97,
}


@functools.lru_cache(maxsize=64)
def values(name, start, end, step):
    value = VALUES[name]
    return ",".join('[%d,"%d"]' % (t, value(t)) for t in range(start, end + 1, step))


def answer(form):
    query = form["query"]
    hosts = re.search(r'host=~"([^"]*)"', query)[1].split("|")
    if "start" in form:
        name, start, end, step = "", int(form["start"]), int(form["end"]), int(form["step"])
        length = end - start
        asked["aligned"] &= start % step == 0
    else:
        name = re.match("[a-z_]+", query)[0]
        length = int(re.search(r"\[(\d+)s\]$", query)[1])
        end, step = int(form["time"]), every
        start = (end - length) // step * step + step
    text = values(name, start, end, step) if name in VALUES else ""
    asked["queries"] += 1
    asked["seconds"] += length
    asked["longest"] = max(asked["longest"], length)
    asked["hosts"] = max(asked["hosts"], len(hosts))
    asked["samples"] += len(hosts) * text.count("[")
    series = ",".join('{"metric":{"host":"%s"},"values":[%s]}' % (h, text) for h in hosts if text)
    return '{"status":"success","data":{"resultType":"matrix","result":[%s]}}' % series


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def say(self, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.say(" ".join("asked_%s=%d" % item for item in asked.items()))

    def do_POST(self):
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.say(answer({k: v[0] for k, v in urllib.parse.parse_qs(form).items()}))


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("http://127.0.0.1:%d" % server.server_address[1], flush=True)
server.serve_forever()
