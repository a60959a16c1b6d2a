# SPDX-License-Identifier: Apache-2.0
"""faulty.py TARGET FAULT...: stands before a Prometheus and spoils answers, one fault after the other,
then passes all on. Prints its URL.

  500 503 429   that status          many     422, too many samples, for more than one host
  cut           half of the answer   drop     the connection ends without an answer
  html          no JSON              minute   too many samples for more than an hour
  always500     for ever             slow     no answer for 3 s
  pass          nothing              bearer   who does not say "Bearer tick" is refused
"""
import http.server
import sys
import time
import urllib.parse
import urllib.request

target = sys.argv[1]
faults = sys.argv[2:]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self):
        self.answer(422, b'{"status":"error","error":"query processing would load too many samples"}')

    def do_POST(self):
        form = self.rfile.read(int(self.headers["Content-Length"]))
        query = urllib.parse.parse_qs(form.decode())["query"][0]
        if "many" in faults and "p1|p2" in query:
            return self.refuse()
        if "minute" in faults and query.endswith("s]") and int(query.rsplit("[", 1)[1][:-2]) > 1000:
            return self.refuse()
        if "bearer" in faults and self.headers["Authorization"] != "Bearer tick":
            return self.answer(401, b"who are you?")
        if "always500" in faults:
            return self.answer(500, b"for ever")
        fault = ""
        if faults and faults[0] not in ("many", "minute", "bearer"):
            fault = faults.pop(0)
        if fault.isdigit():
            return self.answer(int(fault), b"for a while")
        if fault == "html":
            return self.answer(200, b"<html>Please log in</html>")
        if fault == "slow":
            time.sleep(3)
        if fault in ("drop", "slow"):
            self.close_connection = True
            return None
        with urllib.request.urlopen(target + self.path, form) as r:
            body = r.read()
        if fault == "cut":
            self.answer(200, body[: len(body) // 2])
        else:
            self.answer(200, body)
        return None


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("http://127.0.0.1:%d" % server.server_address[1], flush=True)
server.serve_forever()
