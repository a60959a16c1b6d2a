# SPDX-License-Identifier: Apache-2.0
# tools.py URL COLLECTION DUMP EXPORT: what MongoDB's tools do with a collection, by MongoDB's driver for Python, SUPReMM's own. Dumps it as
# mongodump does (the server's bytes, one document after another) to DUMP, reads these as bsondump does, with the types that
# SUPReMM's documents have, exports them as mongoexport does, restores them as mongorestore does to COLLECTION-restored
# and compares.
import datetime
import sys

import bson
import pymongo
from bson import json_util

url, name, dump, export = sys.argv[1:5]
client = pymongo.MongoClient(url)
database = client.get_default_database()
if name not in database.list_collection_names():
    sys.exit("%s: no such collection" % name)
with open(dump, "wb") as f:
    for batch in database[name].find_raw_batches():
        f.write(batch)
with open(dump, "rb") as f:
    documents = list(bson.decode_file_iter(f))
if not documents:
    sys.exit("%s: no documents" % name)


def check(d, path):
    """what any tool takes: names that are no operators, without dots, and none twice or empty"""
    if isinstance(d, dict):
        for key, item in d.items():
            if not key or key[0] == "$" or "." in key or "\0" in key:
                sys.exit("%s: the name %r" % (path, key))
            check(item, path + "." + key)
    elif isinstance(d, list):
        for item in d:
            check(item, path)
    elif isinstance(d, float) and (d != d or d in (float("inf"), float("-inf"))):
        sys.exit("%s: %s" % (path, d))
    elif not isinstance(d, (str, int, float, bool, datetime.datetime, type(None))):
        sys.exit("%s: %s" % (path, type(d)))


TYPES = {"acct.id": int, "acct.start_time": int, "acct.end_time": int, "acct.nodes": int, "acct.host_list": list, "acct.user": str,
    "created": datetime.datetime, "summarization.complete": bool, "summarization.version": str, "cpu.jobcpus.user.avg": float,
    "cpu.jobcpus.all.cnt": int, "procDump.unconstrained": list}
for d in documents:
    check(d, d["_id"])
    if name == "schema" or name.startswith("timeseries-"):
        continue
    for path, kind in TYPES.items():
        at = d
        for key in path.split("."):
            at = at[key]
        if type(at) is not kind and not (kind is int and isinstance(at, int)):
            sys.exit("%s: %s is %r" % (d["_id"], path, at))
with open(export, "w") as f:
    for d in documents:
        f.write(json_util.dumps(d, json_options=json_util.RELAXED_JSON_OPTIONS) + "\n")
to = database[name + "-restored"]
to.drop()
to.insert_many(documents)
by_id = {d["_id"]: bson.encode(d) for d in documents}
again = {d["_id"]: bson.encode(d) for d in to.find()}
to.drop()
if by_id != again:
    sys.exit("%s: restored it is another" % name)
