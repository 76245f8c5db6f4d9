"""The servers of this folder do the misdeeds that they promise: a test that leans on a server that
is too kind proves nothing."""
import base64
import email.utils
import hashlib
import json
import re
import socket
import tempfile
import threading
import time
import unittest
from urllib.parse import urlencode

from faults import KINDS
from fixture import LOST, Books, Client, Misbehaving, wait_until
from oauth import OUT_OF_BAND

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")


class BooksCase(unittest.TestCase):
    knobs = {}
    arguments = ()

    def setUp(self):
        self.server = Books(*self.arguments, **self.knobs)
        self.addCleanup(self.server.stop)
        self.client = self.new_client()

    def new_client(self, name="ann"):
        client = Client(self.server.port, f"t-{name}")
        self.addCleanup(client.close)
        return client

    def texts(self):
        return [s["text"] for s in self.server.statuses()]

    def in_parallel(self, *calls):
        threads = [threading.Thread(target=call) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def own_id(self):
        return self.client.call("GET", "/api/v1/accounts/verify_credentials")[1]["id"]

    def listed(self, query=""):
        rows = self.client.call("GET", f"/api/v1/accounts/{self.own_id()}/statuses?{query}")[1]
        return [re.sub("<[^>]*>", "", row["content"]) for row in rows]


class Keys(BooksCase):
    knobs = {"key_gap_ms": 150}

    def test_a_repeated_key_gives_the_first_post_also_for_another_text(self):
        first = self.client.post("one", "k1")[1]
        status, again, _ = self.client.post("two", "k1")
        self.assertEqual((status, again["id"]), (200, first["id"]))
        self.assertEqual(self.texts(), ["one"])

    def test_parallel_copies_of_one_key_double(self):
        self.in_parallel(*[lambda c=self.new_client(): c.post("one", "k1") for _ in range(2)])
        self.assertEqual(self.texts(), ["one", "one"])

    def test_a_key_belongs_to_one_account(self):
        self.client.post("one", "k1")
        self.new_client("bob").post("one", "k1")
        self.assertEqual([s["account"] for s in self.server.statuses()], ["ann", "bob"])

    def test_a_forgotten_key_doubles(self):
        self.client.post("one", "k1")
        self.server.turn(forget_keys=True)
        self.client.post("one", "k1")
        self.assertEqual(self.texts(), ["one", "one"])

    def test_ignored_keys_double(self):
        self.server.turn(keys="ignore")
        self.client.post("one", "k1")
        self.client.post("one", "k1")
        self.assertEqual(self.texts(), ["one", "one"])

    def test_the_mode_of_4_6_0_answers_500_to_a_repetition_and_posts_nothing(self):
        self.server.turn(replay="500")
        self.client.post("one", "k1")
        self.assertEqual(self.client.post("one", "k1")[0], 500)
        self.assertEqual(self.texts(), ["one"])

    def test_a_key_whose_post_was_deleted_is_not_found(self):
        first = self.client.post("one", "k1")[1]
        self.client.call("DELETE", f"/api/v1/statuses/{first['id']}")
        self.assertEqual(self.client.post("one", "k1")[0], 404)

    def test_pleroma_repeats_refusals_too(self):
        self.server.turn(keys="pleroma", faults=[])
        self.assertEqual(self.client.post("x" * 501, "k1")[0], 422)
        status, _, headers = self.client.post("short", "k1")
        self.assertEqual((status, headers["idempotent-replayed"]), (422, "true"))
        self.assertEqual(self.texts(), [])

    def test_pixelfed_refuses_a_repetition(self):
        self.server.turn(keys="pixelfed")
        self.assertEqual([self.client.post("one", "k1")[0] for _ in range(2)], [200, 400])


class Misdeeds(BooksCase):
    def strike(self, kind, **more):
        self.server.turn(faults=[{"kind": kind, **more}])
        try:
            return self.client.post(kind)[0]
        except LOST:
            self.client.close()
            return "lost"

    def test_each_fault_acts_or_does_not_act_as_its_table_says(self):
        for kind, (acts, _) in KINDS.items():
            with self.subTest(kind):
                self.client.close()
                self.client.call("GET", "/api/v2/instance")  # so that the connection is a used one
                self.strike(kind, location="http://127.0.0.1:1/", ms=1, listen_again_ms=1)
                wait_until(self.listens, 5)
                self.assertEqual(self.texts().count(kind), 1 if acts else 0)
                self.assertEqual(self.server.report()["fired"][-1]["kind"], kind)

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.server.port)) == 0

    def test_drop_on_reuse_spares_a_fresh_connection(self):
        self.assertEqual(self.strike("drop_on_reuse"), 200)
        self.assertEqual(self.strike("drop_on_reuse"), "lost")
        self.assertEqual(self.texts(), ["drop_on_reuse"] * 2)

    def test_after_drop_on_reuse_then_stop_listening_nobody_gets_in_until_told(self):
        self.client.call("GET", "/api/v2/instance")
        self.assertEqual(self.strike("drop_on_reuse_then_stop_listening"), "lost")
        self.assertFalse(self.listens())
        self.assertEqual(len(self.texts()), 1)
        self.server.turn(listen=True)
        self.assertEqual(self.client.post("back")[0], 200)

    def test_refuse_429_tells_the_reset_in_iso_and_no_retry_after(self):
        self.server.turn(faults=[{"kind": "refuse_429", "reset_s": 60}])
        status, _, headers = self.client.post("x")
        self.assertEqual(status, 429)
        self.assertRegex(headers["X-RateLimit-Reset"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertIsNone(headers["Retry-After"])

    def test_a_lie_gives_an_id_that_is_not_there(self):
        self.server.turn(faults=["lie_200"])
        status, row, _ = self.client.post("x")
        self.assertEqual((status, self.texts()), (200, []))
        self.assertEqual(self.client.call("GET", f"/api/v1/statuses/{row['id']}")[0], 404)

    def test_a_fault_strikes_as_often_and_as_selectively_as_told(self):
        self.server.turn(faults=[{"kind": "500_before_store", "times": 2, "match": "bad"}])
        self.assertEqual([self.client.post(t)[0] for t in ("bad 1", "good", "bad 2", "bad 3")], [500, 200, 500, 200])

    def test_a_fault_by_chance_strikes_sometimes(self):
        self.server.turn(faults=[{"kind": "500_before_store", "times": None, "p": 0.5}])
        self.assertEqual({self.client.post(f"p{n}")[0] for n in range(40)}, {200, 500})

    def test_an_unknown_fault_or_knob_is_refused(self):
        for wrong in ({"faults": ["fly"]}, {"kees": "ignore"}):
            with self.assertRaises(ValueError):
                self.server.turn(**wrong)

    def test_the_status_limit_is_kept(self):
        self.server.turn(status_limit=2)
        self.assertEqual([self.client.post(f"n{n}")[0] for n in range(3)], [200, 200, 429])

    def test_a_revoked_token_is_401(self):
        self.server.turn(revoked=["ann"])
        self.assertEqual(self.client.post("x")[0], 401)


class Reading(BooksCase):
    def test_a_lag_hides_a_post_from_the_listing_alone(self):
        self.server.turn(lag_ms=400)
        row = self.client.post("one")[1]
        self.assertEqual(self.listed(), [])
        self.assertEqual(self.client.call("GET", f"/api/v1/statuses/{row['id']}")[0], 200)
        self.assertEqual(wait_until(self.listed, 3), ["one"])

    def test_pages_go_by_min_id_max_id_and_since_id(self):
        ids = [self.client.post(f"n{n}")[1]["id"] for n in range(5)]
        self.assertEqual(self.listed("limit=2"), ["n4", "n3"])
        self.assertEqual(self.listed(f"min_id={ids[0]}&limit=2"), ["n2", "n1"])
        self.assertEqual(self.listed(f"since_id={ids[0]}&limit=2"), ["n4", "n3"])
        self.assertEqual(self.listed(f"max_id={ids[2]}"), ["n1", "n0"])

    def test_snowflake_ids_carry_the_time(self):
        row = self.client.post("one")[1]
        self.assertAlmostEqual((int(row["id"]) >> 16) / 1000, time.time(), delta=5)

    def test_content_is_html_and_the_source_is_the_text(self):
        text = "Hi <all>\nsee https://example.org/a/rather/long/path/to/cut #FreeNOW\n\nend"
        row = self.client.post(text, spoiler_text="w", visibility="unlisted", language="es")[1]
        self.assertTrue(row["content"].startswith("<p>Hi &lt;all&gt;<br />see <a href="))
        self.assertIn('<span class="ellipsis">example.org/a/rather/long/path</span>', row["content"])
        self.assertIn("#<span>FreeNOW</span></a></p><p>end</p>", row["content"])
        self.assertEqual((row["spoiler_text"], row["visibility"], row["language"]), ("w", "unlisted", "es"))
        self.assertEqual(row["application"]["name"], "camp-post")
        self.assertEqual(self.client.call("GET", f"/api/v1/statuses/{row['id']}/source")[1]["text"], text)

    def test_the_application_is_shown_to_the_author_alone(self):
        row = self.client.post("one")[1]
        self.assertNotIn("application", self.new_client("bob").call("GET", f"/api/v1/statuses/{row['id']}")[1])

    def test_private_posts_are_for_the_author(self):
        row = self.client.post("one", visibility="private")[1]
        self.assertEqual(self.listed(), ["one"])
        self.assertEqual(self.new_client("bob").call("GET", f"/api/v1/statuses/{row['id']}")[0], 404)

    def test_a_thread_names_its_parent_and_a_missing_one_is_refused(self):
        first = self.client.post("one")[1]
        self.assertEqual(self.client.post("two", in_reply_to_id=first["id"])[1]["in_reply_to_id"], first["id"])
        self.assertEqual(self.client.post("three", in_reply_to_id="1")[0], 404)

    def test_the_length_counts_links_as_23_and_mentions_without_domain(self):
        self.assertEqual(self.client.post("x" * 476 + " https://example.org/" + "y" * 100)[0], 200)
        self.assertEqual(self.client.post("x" * 477 + " https://example.org/" + "y" * 100)[0], 422)
        self.assertEqual(self.client.post("x" * 494 + " @alic@example.org")[0], 200)

    def test_rate_headers_come_with_each_answer(self):
        headers = self.client.call("GET", "/api/v2/instance")[2]
        self.assertTrue({"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(headers.keys()))

    def test_the_clock_can_be_wrong(self):
        self.server.turn(date_offset_s=-3600)
        then = email.utils.parsedate_to_datetime(self.client.call("GET", "/api/v2/instance")[2]["Date"])
        self.assertAlmostEqual(then.timestamp(), time.time() - 3600, delta=5)


class Media(BooksCase):
    def test_a_medium_is_used_once_and_keeps_its_alt_text(self):
        status, medium, _ = self.client.upload(PNG, description="a dot")
        self.assertEqual(status, 200)
        self.assertEqual(self.client.post("one", media_ids=[medium["id"]])[0], 200)
        self.assertEqual(self.client.post("two", media_ids=[medium["id"]])[0], 422)
        kept = self.server.statuses()[0]["media"][0]
        self.assertEqual((kept["description"], kept["sha256"]), ("a dot", hashlib.sha256(PNG).hexdigest()))

    def test_processing_takes_as_many_polls_as_told(self):
        self.server.turn(media_processing=2)
        status, medium, _ = self.client.upload(PNG)
        self.assertEqual((status, medium["url"]), (202, None))
        self.assertEqual(self.client.post("early", media_ids=[medium["id"]])[0], 422)
        self.assertEqual([self.client.call("GET", f"/api/v1/media/{medium['id']}")[0] for _ in range(3)], [206, 206, 200])
        self.assertEqual(self.client.post("late", media_ids=[medium["id"]])[0], 200)
        self.assertEqual(self.client.call("GET", f"/api/v1/media/{medium['id']}")[0], 404)

    def test_a_medium_of_another_account_is_refused(self):
        medium = self.new_client("bob").upload(PNG)[1]
        self.assertEqual(self.client.post("one", media_ids=[medium["id"]])[0], 422)


class Flavours(unittest.TestCase):
    def facts(self, flavour):
        with Books("--flavour", flavour) as server:
            client = Client(server.port, "t-ann")
            two, one = client.call("GET", "/api/v2/instance"), client.call("GET", "/api/v1/instance")
            twice = [client.post("x" * 501, "k")[0] for _ in range(2)]
            made = [s["id"] for s in server.statuses()]
            client.close()
        return two[0], one[1]["version"], one[1]["configuration"]["statuses"], twice, made

    def test_mastodon(self):
        two, version, statuses, twice, _ = self.facts("mastodon")
        self.assertEqual((two, version[:2], twice), (200, "4.", [422, 422]))
        self.assertEqual((statuses["max_characters"], statuses["characters_reserved_per_url"]), (500, 23))

    def test_gotosocial_ignores_keys_and_names_posts_by_ulid(self):
        two, _, statuses, twice, made = self.facts("gotosocial")
        self.assertEqual((two, statuses["max_characters"], twice, len(made)), (200, 5000, [200, 200], 2))
        self.assertNotIn("characters_reserved_per_url", statuses)
        self.assertRegex(made[0], "^[0-9A-Z]{26}$")
        self.assertLess(made[0], made[1])

    def test_pleroma_repeats_the_stored_answer(self):
        _, version, _, twice, made = self.facts("pleroma")
        self.assertEqual((twice, len(made)), ([200, 200], 1))
        self.assertIn("(compatible; Pleroma", version)

    def test_snac_knows_only_the_first_version_of_instance(self):
        two, version, _, _, made = self.facts("snac")
        self.assertEqual((two, len(made)), (404, 2))
        self.assertIn("snac/", version)


class Login(BooksCase):
    verifier = "v" * 50

    def setUp(self):
        super().setUp()
        self.app = self.form("/api/v1/apps", client_name="camp-post test", redirect_uris=OUT_OF_BAND,
                             scopes="write:statuses read:statuses")[1]

    def form(self, path, **fields):
        return self.client.call("POST", path, body=urlencode(fields), Content_Type="application/x-www-form-urlencoded")

    def asked(self, **more):
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        return {"response_type": "code", "client_id": self.app["client_id"], "redirect_uri": OUT_OF_BAND,
                "scope": "write:statuses", "code_challenge": challenge, "code_challenge_method": "S256"} | more

    def code(self):
        body = self.form("/oauth/authorize", user="ann", **self.asked())[1]
        return re.search(r'class="oauth-code" readonly value="([^"]+)"', body).group(1)

    def redeem(self, code, **more):
        return self.form("/oauth/token", **({"grant_type": "authorization_code", "code": code, "redirect_uri": OUT_OF_BAND,
                                             "client_id": self.app["client_id"], "code_verifier": self.verifier,
                                             "client_secret": self.app["client_secret"]} | more))

    def test_the_way_from_app_to_token(self):
        self.assertEqual(self.client.call("GET", "/oauth/authorize?" + urlencode(self.asked()))[0], 200)
        self.assertEqual(self.redeem(self.code())[1]["access_token"], "t-ann")
        self.assertEqual(self.client.post("x")[1]["application"]["name"], "camp-post test")

    def test_pkce_is_enforced(self):
        status, answer, _ = self.redeem(self.code(), code_verifier="w" * 50)
        self.assertEqual((status, answer["error"]), (400, "invalid_grant"))
        self.assertEqual(self.redeem(self.code(), code_verifier="")[0], 400)
        for wrong in ({"code_challenge_method": "plain"}, {"code_challenge": ""}, {"scope": "admin"}):
            self.assertEqual(self.form("/oauth/authorize", user="ann", **self.asked(**wrong))[0], 400)

    def test_a_code_works_once_and_only_for_its_app(self):
        code = self.code()
        self.assertEqual([self.redeem(code)[0] for _ in range(2)], [200, 400])
        self.assertEqual(self.redeem(self.code(), client_secret="no")[0], 401)

    def test_discovery_names_the_endpoints_and_can_be_missing(self):
        where = "/.well-known/oauth-authorization-server"
        self.assertEqual(self.client.call("GET", where)[1]["code_challenge_methods_supported"], ["S256"])
        self.server.turn(discovery=False)
        self.assertEqual(self.client.call("GET", where)[0], 404)

    def test_a_revoked_token_is_refused(self):
        self.form("/oauth/revoke", token="t-ann", client_id=self.app["client_id"], client_secret=self.app["client_secret"])
        self.assertEqual(self.client.post("x")[0], 401)


class File(unittest.TestCase):
    def test_the_books_are_a_file_of_lines_as_well(self):
        with tempfile.NamedTemporaryFile("r") as file, Books("--books", file.name) as server:
            client = Client(server.port, "t-ann")
            client.post("one", "k")
            client.close()
            row = json.loads(file.readline())
            self.assertEqual((row["text"], row["key"], row["account"]), ("one", "k", "ann"))


class Scripts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Misbehaving()
        cls.addClassCleanup(cls.server.stop)

    def get(self, path, timeout=2):
        client = Client(self.server.port, timeout=timeout)
        try:
            return client.call("GET", path)
        finally:
            client.close()

    def test_fine_is_fine(self):
        self.assertEqual(self.get("/fine")[:2], (200, {"id": "1", "content": "<p>fine</p>"}))

    def test_these_end_the_exchange_with_an_error(self):
        for script in ("cut-in-status", "cut-after-headers", "cut-body", "drop", "reset", "reset-in-body", "too-long",
                       "bad-chunk", "open-chunks", "garbage", "header-flood", "long-header", "continue-flood"):
            with self.subTest(script), self.assertRaises(LOST):
                self.get(f"/{script}")
                if script == "continue-flood":  # http.client reads on through any number of them
                    raise ConnectionError

    def test_silence_lasts(self):
        with self.assertRaises(TimeoutError):
            self.get("/silence", timeout=0.3)

    def test_requests_are_counted_when_they_are_whole(self):
        before = self.server.count()["complete"]
        with socket.create_connection(("127.0.0.1", self.server.port)) as half:
            half.sendall(b"POST /fine HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345")
        self.get("/fine")
        self.assertEqual(self.server.count()["complete"], before + 1)

    def test_a_redirect_leads_to_itself(self):
        status, _, headers = self.get("/redirect-loop/x")
        self.assertEqual((status, headers["Location"]), (302, "/redirect-loop/x"))

    def test_refuse_refuses(self):
        with Misbehaving("--refuse") as closed, socket.socket() as probe:
            self.assertNotEqual(probe.connect_ex(("127.0.0.1", closed.port)), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
