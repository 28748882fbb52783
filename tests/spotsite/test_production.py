"""The site as it is deployed: https, no demo, collected static files with hashed names."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from django.contrib.staticfiles import finders

ROOT = Path(__file__).resolve().parents[2]
STATIC = re.compile(r"""\{%\s*static\s+['"]([^'"]+)['"]""")
VISIT = """
import json, re, sys
import django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("collectstatic", interactive=False, verbosity=0)
client = Client(headers={"host": "lists.example", "x-forwarded-proto": "https"})
found = {}
for page in ("/", "/privacy/", "/accounts/login/", "/accounts/signup/", "/nowhere/"):
    response = client.get(page)
    found[page] = response.status_code
    for name in re.findall(r'(?:src|href)="(/static/[^"]+)"', response.text):
        file = client.get(name)
        found[name] = file.status_code
        found["cached " + name] = "immutable" in file.headers.get("Cache-Control", "")
        file.close()
found["http"] = Client(headers={"host": "lists.example"}).get("/").headers.get("Location")
found["dev mail"] = client.get("/dev/mail/").status_code
found["other host"] = Client(headers={"host": "evil.example"}).get("/").status_code
print(json.dumps(found))
"""


def test_pages_and_their_static_files_are_served_without_the_demo(tmp_path: Path) -> None:
    (tmp_path / "deployed.py").write_text(
        f"from spotsite.settings import *\nSTATIC_ROOT = {str(tmp_path / 'static')!r}\n"
    )
    environment = {
        **os.environ,
        "PUBLIC_URL": "https://lists.example",
        "ALLOWED_HOSTS": "lists.example",
        "TRUSTED_PROXIES": "1",
        "DEMO": "",
        "DJANGO_SETTINGS_MODULE": "deployed",
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}",
    }

    result = subprocess.run(
        [sys.executable, "-c", VISIT],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found.pop("/nowhere/") == 404
    assert found.pop("dev mail") == 404
    assert found.pop("other host") == 400
    assert found.pop("http") == "https://lists.example/"
    hashed = [name for name in found if re.fullmatch(r"/static/site\.[0-9a-f]{12}\.css", name)]
    assert len(hashed) == 1
    assert {name: value for name, value in found.items() if value not in {200, True}} == {}


def test_every_static_file_that_a_template_names_exists() -> None:
    names = {
        name
        for template in (ROOT / "templates").rglob("*.html")
        for name in STATIC.findall(template.read_text(encoding="utf-8"))
    }

    assert "site.css" in names
    assert {name for name in names if finders.find(name) is None} == set()
