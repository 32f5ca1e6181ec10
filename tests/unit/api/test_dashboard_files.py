"""The dashboard's page and files."""

from __future__ import annotations

import re

import pytest

from api import handler as door
from api.app import create_app
from api.dashboard_files import FOLDER, Dashboard
from tests.unit.api.test_api_handler import CONTEXT, invoke, proxy_event, stage_event
from tests.unit.api.test_api_problems import problem

__all__ = ["invoke"]
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def referred(page):
    return re.findall(r'(?:src|href)="([^"#][^"]*)"', page)


def test_a_browser_gets_the_page_and_a_program_the_links(client):
    page, links = client.get("/", headers=BROWSER), client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Stock AI</title>" in page.text
    assert links.json()["name"] == "Stock AI"
    for answer in (page, links):
        assert "Accept" in answer.headers["vary"].replace("Accept-Encoding", "").split(", ")
    assert page.headers["cache-control"] == "no-cache"
    again = client.get("/", headers=BROWSER | {"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304


def test_the_page_allows_nothing_from_elsewhere(client):
    page = client.get("/", headers=BROWSER)
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert (policy["default-src"], policy["frame-ancestors"]) == ("'self'", "'none'")
    assert not any("unsafe" in value or "http" in value for value in policy.values())
    assert page.headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<script>|<style|\sstyle=|\son[a-z]+=", page.text)


def test_every_file_it_names_is_kept_for_good(client):
    files = referred(client.get("/", headers=BROWSER).text)
    assert len(files) > 5
    for path in files:
        answer = client.get(f"/{path}")
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        again = client.get(f"/{path}", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304


def test_a_module_finds_the_one_beside_it(client):
    (app,) = [path for path in referred(client.get("/", headers=BROWSER).text) if path.endswith("js/app.js")][:1]
    imported = re.findall(r'from "\./([\w./-]+)"', client.get(f"/{app}").text)
    assert imported
    for name in imported:
        answer = client.get(f"/{app.removesuffix('app.js')}{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")


def test_a_page_from_before_a_deployment_still_finds_its_files(client):
    for path in ("/static/0123456789abcdef/js/app.js", "/js/app.js"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "/../app.py",
        "/js/../../app.py",
        "/js/..%2f..%2fapp.py",
        "/%2e%2e/app.py",
        "/static/../../app.py",
        "/static/x/../../../etc/passwd",
        "//etc/passwd",
        "/js//app.js",
        "/js/",
        "/js",
        "/static/",
        "/static/x/",
        "/.git/config",
        "/js/app.js%00.css",
        "/..%5capp.py",
        "/C:/windows/win.ini",
        "/index.html/../../handler.py",
        "/app.py",
    ],
)
def test_no_path_leads_out_of_the_folder(client, path):
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "import" not in answer.text


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "site" / "js").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "site" / "index.html").write_text('<script src="js/a.js"></script><a href="https://a.example/x.html">')
    (tmp_path / "site" / "js" / "a.js").write_text("1")
    return tmp_path / "site"


def test_a_link_out_of_the_folder_is_no_file(folder):
    (folder / "secret.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "notes.bak").write_text("mine")
    dashboard = Dashboard(folder)
    assert dashboard.file("js/a.js").body == b"1"
    assert dashboard.file("secret.txt") is None
    assert dashboard.file("notes.bak") is None


def test_a_changed_file_changes_the_names(folder, services):
    def page():
        app = create_app(services)
        app.router.default = dashboard = Dashboard(folder)
        return dashboard.file("index.html").body, dashboard._current()[1]

    _, before = page()
    (folder / "js" / "a.js").write_text("2")
    _, after = page()
    assert before != after


def test_a_method_that_is_none_of_a_file(client):
    problem(client.post("/js/app.js"), 404, "unknown-route")
    assert client.head("/js/app.js").status_code == 200


@pytest.mark.usefixtures("invoke")
def test_it_works_under_a_stage():
    event = stage_event("/", "/v1/")
    event["headers"] |= BROWSER
    event["multiValueHeaders"] |= {"Accept": [BROWSER["Accept"]]}
    page = door.handler(event, CONTEXT)
    assert (page["statusCode"], page["isBase64Encoded"]) == (200, False)
    for path in referred(page["body"]):
        assert not path.startswith("/")
        answer = door.handler(stage_event(f"/{path}", f"/v1/{path}"), CONTEXT)
        assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, False), path


@pytest.mark.usefixtures("invoke")
def test_a_stage_without_a_slash_leads_to_it():
    event = proxy_event("/", headers=BROWSER)
    event["requestContext"]["path"] = "/v1"
    answer = door.handler(event, CONTEXT)
    assert (answer["statusCode"], answer["headers"]["location"]) == (308, "/v1/")


def test_a_package_without_it_has_links_only(services, tmp_path):
    dashboard = Dashboard(tmp_path / "nothing")
    assert dashboard.file("index.html") is None
    assert FOLDER.name == "dashboard"
