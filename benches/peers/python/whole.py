"""What ours does with one delivery, in Python: peer.py is what one writes in an afternoon, and this is what it takes to tell repetitions apart, to read
fields in any spelling, to let the later statement stand, and to change nothing that must not change.

`python3 whole.py DELIVERY` reads numbers of deliveries, one a line, does so many each time, and prints microseconds of CPU for each and the body that it would send. The standard library only.
"""

import hashlib
import hmac
import json
import re
import sys
import time
from datetime import date, datetime
from urllib.parse import quote

with open(sys.argv[1], encoding="utf-8") as file:
    GIVEN = json.load(file)
RAW = GIVEN["body"].encode()
HEADERS = {"x-bamboohr-signature": GIVEN["signature"], "x-bamboohr-timestamp": GIVEN["timestamp"]}
NOW = GIVEN["now"]

# Keyed once, as ours are.
KEYED = [hmac.new(GIVEN["secret"].encode(), digestmod=hashlib.sha256)]
ADDRESS = "noor.haddad@example.com"
KNOWN = {
    "account": ADDRESS, "hire": None, "leave": None, "email": None, "offboarding": None, "suspended": False, "held": None, "paused": None,
    "settled": "agreed", "sent": {}, "members": {},
}
ACCOUNT = {
    "id": ADDRESS, "givenName": "Noor", "familyName": "Haddad", "title": "Nurse", "department": "Emergency",
    "employeeId": "41", "locations": [{"area": "Berlin"}], "phoneNumbers": [{"type": "MOBILE", "value": "+49 30 1234"}],
}
PROTECTED = {"admin@example.com"}
RESERVED = {"id", "email", "password", "provisionDate"}
DAY = 86_400
ABSENT = object()


def locations(fields):
    area = fields.get("location", ABSENT)
    return ABSENT if area is ABSENT else [{"area": area}] if area else None


def phones(fields):
    if "mobilephone" not in fields and "workphone" not in fields:
        return ABSENT
    kinds = (("MOBILE", "mobilephone"), ("WORK", "workphone"))
    return [{"type": kind, "value": fields[name]} for kind, name in kinds if fields.get(name)] or None


def text(name):
    return lambda fields: fields.get(name, ABSENT)


MAP = [
    ("givenName", text("firstname")), ("familyName", text("lastname")), ("preferredName", text("preferredname")), ("title", text("jobtitle")),
    ("department", text("department")), ("manager", text("supervisoreid")), ("locations", locations), ("phoneNumbers", phones),
]


def receive(body):
    timestamp, signature = HEADERS.get("x-bamboohr-timestamp"), HEADERS.get("x-bamboohr-signature")
    if not timestamp or not signature or abs(NOW - int(timestamp)) > 300:
        return None
    proven = False
    for key in KEYED:
        mac = key.copy()
        mac.update(body + timestamp.encode())
        proven = proven or hmac.compare_digest(mac.hexdigest(), signature)
    # The sender gives no id: a repetition has the same body.
    return "d_" + hashlib.sha256(body).hexdigest()[:24] if proven else None


PLAINS = {}


def plain(name):
    known = PLAINS.get(name)
    if known is None:
        known = PLAINS[name] = re.sub(r"[^a-z0-9#]", "", name.lower())
    return known


def day(value):
    return date.fromisoformat(value) if value and value != "0000-00-00" else None


def events(delivery, body):
    n = 0
    for employee in json.loads(body)["employees"]:
        fields = {plain(name): field.get("value") for name, field in employee["fields"].items()}
        hired, ended = day(fields.get("hiredate")), day(fields.get("terminationdate"))
        active = (fields.get("status") or "").lower() != "inactive"
        profile = []
        for member, of in MAP:
            value = of(fields)
            if value is not ABSENT:
                profile.append((member, None if value == "" else value))
        at = min(datetime.fromisoformat(employee["timestamp"]).timestamp(), NOW)
        worker = {"id": employee["id"], "email": fields.get("workemail") or None, "profile": profile}
        if active or not ended:
            yield {"id": f"{delivery}.{n}", "kind": "hire" if hired else "change", "at": at, "day": hired, "worker": worker}
            n += 1
        if ended or not active or employee["action"] == "Deleted":
            yield {"id": f"{delivery}.{n}", "kind": "leave", "at": at, "day": ended, "worker": worker}
            n += 1


def later(old, version):
    return old is None or old[0] < version


def hear(state, event):
    """The state after one more event: of two statements the later stands, ties broken by the event's id."""
    state.update(held=None, paused=None, settled=None, sent={})
    version, worker = (event["at"], event["id"]), event["worker"]
    if event["kind"] == "hire" and later(state["hire"], version):
        names = [pair for pair in worker["profile"] if pair[0] in ("givenName", "familyName")]
        state["hire"] = (version, event["day"], names)
    if event["kind"] == "leave" and later(state["leave"], version):
        state["leave"] = (version, event["day"])
    if worker["email"] and later(state["email"], version):
        state["email"] = (version, worker["email"])
    members = state["members"]
    for name, value in worker["profile"]:
        if later(members.get(name), version):
            members[name] = (version, value)


EPOCH = date(1970, 1, 1).toordinal()


def goal(state):
    """What is wanted now. Over everywhere on earth: then it does not matter where they are."""
    hire, leave = state["hire"], state["leave"]
    stands = leave and not (hire and hire[1] and leave[1] and hire[1] > leave[1] and hire[0] > leave[0])
    if not stands and hire and hire[1] and (hire[1].toordinal() - EPOCH + 1) * DAY <= NOW:
        return "active"
    raise ValueError("the person's zone has to be asked")


def plan(state, person):
    if goal(state) != "active" or state["offboarding"] or state["suspended"] or ACCOUNT.get("suspended"):
        raise ValueError("not this way")
    # Whose account is it?
    if ACCOUNT["employeeId"] != person:
        raise ValueError("somebody else's")
    if state["account"] in PROTECTED:
        return None
    wanted = {name: "" if value is None else value for name, (_, value) in state["members"].items() if name not in RESERVED}
    wanted.setdefault("employeeId", person)
    if "@" not in (wanted.get("manager") or "@"):
        raise ValueError("a colleague has to be found")
    patch = {name: value for name, value in wanted.items() if (ACCOUNT.get(name) or "") != value}
    if not patch or all(state["sent"].get(name) == value for name, value in patch.items()):
        return None
    return ("PATCH", f"/v4/domains/example.com/users/{quote(state['account'])}", json.dumps(patch))


def handle():
    delivery = receive(RAW)
    if not delivery:
        raise ValueError("not proven")
    state = {**KNOWN, "members": dict(KNOWN["members"])}
    person = None
    for event in events(delivery, RAW):
        hear(state, event)
        person = event["worker"]["id"]
    return plan(state, person)


for _ in range(2_000):
    call = handle()
for line in sys.stdin:
    times = int(line)
    began = time.process_time()
    for _ in range(times):
        call = handle()
    took = time.process_time() - began
    print(f"{took * 1e6 / times:.3f} {call[2]}", flush=True)
