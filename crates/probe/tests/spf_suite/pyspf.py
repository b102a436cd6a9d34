import ipaddress
import json
import sys

import spf

zone = {}


def lookup(name, qtype, *_):
    name = name.rstrip(".").lower()
    if name.startswith("_dns_error"):
        raise spf.TempError("DNS error of the suite")
    key = (name, qtype)
    if qtype == "TXT":
        return [(key, (zone["txt"][name].encode(),))] if name in zone["txt"] else []
    if qtype in ("A", "AAAA"):
        version = 4 if qtype == "A" else 6
        found = zone["address"].get(name, [])
        return [(key, a) for a in found if ipaddress.ip_address(a).version == version]
    if qtype == "MX":
        return [(key, (preference, host)) for preference, host in zone["mx"].get(name, [])]
    if qtype == "PTR":
        for address, names in zone["ptr"].items():
            if ipaddress.ip_address(address).reverse_pointer == name:
                return [(key, n) for n in names]
    return []


spf.DNSLookup = lookup
for line in sys.stdin:
    zone = json.loads(line)
    ip, sender, helo = zone["ip"], zone["sender"], zone["helo"]
    result = spf.check2(ip, "postmaster@" + helo, helo, receiver="receiver.test", querytime=0)[0]
    if result == "pass" and sender:
        result = spf.check2(ip, sender, helo, receiver="receiver.test", querytime=0)[0]
    print(result)
