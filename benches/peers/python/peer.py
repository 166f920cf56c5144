"""What an integration in Python does with one delivery: check the HMAC, decode, map, compare with the account, encode the call.

`python3 peer.py DELIVERY` reads numbers of deliveries, one a line, does so many each time, and prints microseconds of CPU for each and the body that it would send. The standard library only.
"""

import hashlib
import hmac
import json
import sys
import time
from urllib.parse import quote

with open(sys.argv[1], encoding="utf-8") as file:
    GIVEN = json.load(file)
RAW = GIVEN["body"].encode()
# Keyed once, as ours is.
KEYED = hmac.new(GIVEN["secret"].encode(), digestmod=hashlib.sha256)
ACCOUNT = {
    "id": "noor.haddad@example.com", "givenName": "Noor", "familyName": "Haddad", "title": "Nurse", "department": "Emergency",
    "employeeId": "41", "locations": [{"area": "Berlin"}], "phoneNumbers": [{"type": "MOBILE", "value": "+49 30 1234"}],
}
FIELDS = {"First Name": "givenName", "Last Name": "familyName", "Job Title": "title", "Department": "department"}


def verify(body, timestamp, signature):
    if abs(GIVEN["now"] - int(timestamp)) > 300:
        return False
    mac = KEYED.copy()
    mac.update(body + timestamp.encode())
    return hmac.compare_digest(mac.hexdigest(), signature)


def profile(employee):
    def value(name):
        return employee["fields"].get(name, {}).get("value", "")

    out = {"employeeId": employee["id"]}
    for name, member in FIELDS.items():
        if value(name):
            out[member] = value(name)
    if value("Location"):
        out["locations"] = [{"area": value("Location")}]
    if value("Mobile Phone"):
        out["phoneNumbers"] = [{"type": "MOBILE", "value": value("Mobile Phone")}]
    return out


def handle():
    if not verify(RAW, GIVEN["timestamp"], GIVEN["signature"]):
        raise ValueError("not proven")
    calls = []
    for employee in json.loads(RAW)["employees"]:
        if employee["action"] == "Deleted" or employee["fields"].get("Status", {}).get("value") != "Active":
            continue
        if employee["fields"].get("Hire Date", {}).get("value", "") > "2026-03-02":
            continue
        patch = {member: value for member, value in profile(employee).items() if ACCOUNT.get(member) != value}
        if patch:
            calls.append(("PATCH", f"/users/{quote(ACCOUNT['id'])}", json.dumps(patch)))
    return calls


for _ in range(2_000):
    calls = handle()
for line in sys.stdin:
    times = int(line)
    began = time.process_time()
    for _ in range(times):
        calls = handle()
    took = time.process_time() - began
    print(f"{took * 1e6 / times:.3f} {calls[0][2]}", flush=True)
