"""The look-alike's check runs, against https://docs.github.com/en/rest/checks/runs."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fakes.github_client import LIST, OTHER_SHA, RUNS, SHA, Client, acme, output


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with acme() as client:
        yield client


async def test_a_created_check_run_is_stored_and_returned(client: Client) -> None:
    reply = await client.create(status="in_progress", external_id="run-1", details_url="https://x.example/1")
    assert (reply.status, reply.body["status"], reply.body["conclusion"]) == (201, "in_progress", None)
    [run] = client.runs()
    assert (run.id, run.external_id, run.app_id) == (reply.body["id"], "run-1", 12)
    assert reply.body["html_url"] == f"{client.github.url}/acme/api/runs/{run.id}"


async def test_a_created_check_run_is_queued_unless_said_otherwise(client: Client) -> None:
    assert (await client.create()).body["status"] == "queued"


async def test_a_check_run_can_be_read_by_its_id(client: Client) -> None:
    number = (await client.create()).body["id"]
    assert (await client.get(f"{RUNS}/{number}")).body["name"] == "build"


async def test_a_change_keeps_what_it_does_not_name(client: Client) -> None:
    number = (await client.create(external_id="run-1", output=output())).body["id"]
    reply = await client.update(number, status="in_progress")
    assert (reply.status, reply.body["external_id"], reply.body["output"]["title"]) == (200, "run-1", "Done")


async def test_every_accepted_write_is_kept_with_what_it_led_to(client: Client) -> None:
    number = (await client.create()).body["id"]
    await client.update(number, conclusion="success")
    [run] = client.runs()
    assert [(each.method, each.after.status) for each in run.history] == [
        ("POST", "queued"),
        ("PATCH", "completed"),
    ]


async def test_a_conclusion_completes_whatever_the_status_says(client: Client) -> None:
    reply = await client.create(status="in_progress", conclusion="failure")
    assert (reply.body["status"], reply.body["conclusion"]) == ("completed", "failure")
    assert reply.body["completed_at"]


@pytest.mark.parametrize("body", [{"status": "completed"}, {"completed_at": "2026-11-21T09:00:00Z"}])
async def test_completing_needs_a_conclusion(client: Client, body: dict[str, Any]) -> None:
    reply = await client.create(**body)
    assert (reply.status, reply.message) == (422, 'Invalid request.\n\n"conclusion" wasn\'t supplied.')


@pytest.mark.parametrize("status", ["queued", "in_progress"])
async def test_a_completed_check_run_does_not_go_back(client: Client, status: str) -> None:
    number = (await client.create(conclusion="success")).body["id"]
    assert (await client.update(number, status=status)).status == 422
    assert client.runs()[0].status == "completed"


async def test_a_completed_check_run_may_get_another_conclusion(client: Client) -> None:
    number = (await client.create(conclusion="success")).body["id"]
    assert (await client.update(number, conclusion="failure")).body["conclusion"] == "failure"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"conclusion": None}, "For 'properties/conclusion', nil is not a string."),
        ({"status": "waiting"}, 'waiting is not a member of ["queued", "in_progress", "completed"].'),
        ({"conclusion": "stale"}, "stale is not a member of"),
        ({"started_at": "yesterday"}, "is not a date-time."),
        ({"output": {"title": "t"}}, '"summary" wasn\'t supplied.'),
        ({"output": {"summary": "s"}}, '"title" wasn\'t supplied.'),
        ({"output": {"annotations": []}}, '"title", "summary" weren\'t supplied.'),
        ({"output": output(summary="x" * 65_536)}, "Only 65535 characters are allowed; 65536 were supplied."),
        ({"output": output(text="x" * 65_537)}, "Only 65535 characters are allowed; 65537 were supplied."),
        ({"output": output(annotations=[{}])}, '"path", "start_line", "end_line"'),
        ({"actions": [{}] * 4}, "No more than 3 items are allowed; 4 were supplied."),
    ],
)
async def test_a_body_against_the_schema_is_refused(client: Client, body: dict[str, Any], problem: str) -> None:
    reply = await client.create(**body)
    assert reply.status == 422
    assert reply.message.startswith("Invalid request.\n\n")
    assert problem in reply.message
    assert reply.body["documentation_url"].endswith("/rest/checks/runs#create-a-check-run")
    assert client.runs() == []


async def test_a_name_is_required(client: Client) -> None:
    reply = await client.send("POST", RUNS, {"head_sha": SHA})
    assert (reply.status, reply.message) == (422, 'Invalid request.\n\n"name" wasn\'t supplied.')


@pytest.mark.parametrize("name", ["summary", "text"])
async def test_texts_are_counted_in_bytes_as_well(client: Client, name: str) -> None:
    reply = await client.create(output=output() | {name: "é" * 32_768})
    assert reply.status == 422
    assert reply.body["errors"][0]["message"] == f"{name} exceeds a maximum bytesize of 65535"


async def test_texts_of_the_greatest_length_are_taken(client: Client) -> None:
    assert (await client.create(output=output(summary="x" * 65_535, text="y" * 65_535))).status == 201


@pytest.mark.parametrize("url", ["", "ftp://x.example", "javascript:alert(1)"])
async def test_a_details_url_is_http(client: Client, url: str) -> None:
    reply = await client.create(details_url=url)
    assert reply.body["errors"][0]["message"] == "details_url must use the http or https scheme"


@pytest.mark.parametrize(("name", "longest"), [("label", 20), ("description", 40), ("identifier", 20)])
async def test_actions_have_short_texts(client: Client, name: str, longest: int) -> None:
    action = {"label": "Re-run", "description": "Runs it again", "identifier": "rerun"}
    assert (await client.create(actions=[action | {name: "x" * longest}])).status == 201
    reply = await client.create(actions=[action | {name: "x" * (longest + 1)}])
    assert f"Only {longest} characters are allowed" in reply.message


def annotation(**more: Any) -> dict[str, Any]:
    note = {"path": "a.go", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "no"}
    return note | more


async def test_more_than_fifty_annotations_are_refused(client: Client) -> None:
    assert (await client.create(output=output(annotations=[annotation()] * 50))).status == 201
    reply = await client.create(output=output(annotations=[annotation()] * 51))
    assert reply.message == "Invalid request.\n\nNo more than 50 items are allowed; 51 were supplied."


async def test_annotations_are_added_by_every_change(client: Client) -> None:
    number = (await client.create(output=output(annotations=[annotation()]))).body["id"]
    reply = await client.update(number, output=output(annotations=[annotation()]))
    assert reply.body["output"]["annotations_count"] == 2
    assert len((await client.get(f"{RUNS}/{number}/annotations")).body) == 2


@pytest.mark.parametrize("more", [{"start_column": 3}, {"start_column": 1, "end_column": 2, "end_line": 4}])
async def test_columns_go_in_pairs_and_with_one_line(client: Client, more: dict[str, int]) -> None:
    reply = await client.create(output=output(annotations=[annotation(**more)]))
    assert reply.body["errors"] == [{"resource": "CheckRun", "code": "invalid", "field": "annotations"}]


@pytest.mark.parametrize("sha", [OTHER_SHA, "main", SHA[:7], SHA.upper(), "../x"])
async def test_a_check_run_needs_a_full_sha_that_is_known(client: Client, sha: str) -> None:
    reply = await client.create(head_sha=sha)
    assert (reply.status, reply.message) == (422, f"No commit found for SHA: {sha}")


async def test_any_full_sha_is_known_in_the_mode_for_benchmarks(client: Client) -> None:
    client.github.accept_any_commit("acme/api")
    assert (await client.create(head_sha=OTHER_SHA)).status == 201
    assert (await client.create(head_sha="main")).status == 422


async def test_a_change_of_an_unknown_check_run_is_not_found(client: Client) -> None:
    assert (await client.update(1, status="queued")).status == 404


async def test_after_a_thousand_of_one_name_the_oldest_go(client: Client) -> None:
    client.github.limits.enabled = False
    first = (await client.create()).body["id"]
    other = (await client.create(name="other")).body["id"]
    for _ in range(1000):
        await client.create()
    assert (await client.get(f"{RUNS}/{first}")).status == 404
    assert (await client.get(f"{RUNS}/{other}")).status == 200
    assert len(client.runs()) == 1001


async def test_latest_hides_an_older_twin_and_all_shows_it(client: Client) -> None:
    await client.create(external_id="first")
    await client.create(external_id="second", conclusion="success")
    latest = (await client.get(LIST)).body
    assert [each["external_id"] for each in latest["check_runs"]] == ["second"]
    everything = (await client.get(LIST, params={"filter": "all"})).body
    assert [each["external_id"] for each in everything["check_runs"]] == ["second", "first"]


async def test_a_list_is_chosen_by_name_app_and_status(client: Client) -> None:
    await client.create(name="a")
    await client.create(name="b", conclusion="success")
    for query, names in (
        ({"check_name": "a"}, ["a"]),
        ({"app_id": "12"}, ["b", "a"]),
        ({"app_id": "13"}, []),
        ({"status": "completed"}, ["b"]),
    ):
        reply = await client.get(LIST, params=query)
        assert [each["name"] for each in reply.body["check_runs"]] == names
        assert reply.body["total_count"] == len(names)


async def test_a_list_comes_in_pages_with_links(client: Client) -> None:
    for number in range(5):
        await client.create(name=f"check {number}")
    first = await client.get(LIST, params={"per_page": "2", "filter": "all"})
    assert (len(first.body["check_runs"]), first.body["total_count"]) == (2, 5)
    assert 'rel="next"' in first.headers["Link"]
    last_url = first.headers["Link"].split("<")[-1].split(">")[0]
    assert "/repositories/" in last_url
    last = await client.get(last_url)
    assert [each["name"] for each in last.body["check_runs"]] == ["check 0"]
    assert 'rel="next"' not in last.headers["Link"]


async def test_a_list_of_an_unknown_commit_is_refused(client: Client) -> None:
    reply = await client.get(f"/repos/acme/api/commits/{OTHER_SHA}/check-runs")
    assert (reply.status, reply.message) == (422, f"No commit found for SHA: {OTHER_SHA}")


async def test_what_nobody_finished_in_two_weeks_is_stale(client: Client) -> None:
    await client.create()
    client.github.clock.advance(14 * 86_400 + 1)
    client.github.add_token("ghp_reader")
    [run] = (await client.get(LIST, auth="ghp_reader")).body["check_runs"]
    assert (run["status"], run["conclusion"]) == ("completed", "stale")
