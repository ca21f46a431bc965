"""One side of a GSS-API exchange, by the mechanism that is asked for: JSON lines in, JSON lines out."""

import base64
import json
import sys

import gssapi

MECHANISMS = {
    "ntlm": gssapi.OID.from_int_seq("1.3.6.1.4.1.311.2.2.10"),
    "spnego": gssapi.OID.from_int_seq("1.3.6.1.5.5.2"),
}


def begin(request):
    mechanism = MECHANISMS[request["mechanism"]]
    bindings = None
    if "applicationData" in request:
        data = base64.b64decode(request["applicationData"])
        bindings = gssapi.raw.ChannelBindings(application_data=data)
    if request["role"] == "accept":
        credentials = gssapi.Credentials(usage="accept", mechs=[mechanism])
        return gssapi.SecurityContext(creds=credentials, usage="accept", channel_bindings=bindings)
    name = gssapi.Name(request["user"], gssapi.NameType.user)
    credentials = gssapi.raw.acquire_cred_with_password(
        name, request["password"].encode(), mechs=[mechanism], usage="initiate"
    ).creds
    return gssapi.SecurityContext(
        name=gssapi.Name("HTTP@labhost", gssapi.NameType.hostbased_service),
        creds=credentials,
        mech=mechanism,
        usage="initiate",
        flags=[
            gssapi.RequirementFlag.confidentiality,
            gssapi.RequirementFlag.integrity,
            gssapi.RequirementFlag.out_of_sequence_detection,
        ],
        channel_bindings=bindings,
    )


def answer(security, request):
    given = base64.b64decode(request.get("bytes", ""))
    if request["do"] == "step":
        return security.step(given or None) or b""
    if request["do"] == "wrap":
        return security.wrap(given, True).message
    if request["do"] == "unwrap":
        unwrapped = security.unwrap(given)
        if not unwrapped.encrypted:
            raise ValueError("it was not encrypted")
        return unwrapped.message
    if request["do"] == "initiator":
        return str(security.initiator_name).encode()
    raise ValueError("unknown request")


security = None
for line in sys.stdin:
    request = json.loads(line)
    reply = {"bytes": ""}
    try:
        if request["do"] == "begin":
            security = begin(request)
        else:
            reply = {"bytes": base64.b64encode(answer(security, request)).decode()}
    except Exception as error:
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
