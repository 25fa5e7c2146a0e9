# SPDX-License-Identifier: Apache-2.0
"""Brokers that want TLS, certificates, passwords and tokens: that it works, and what is said when it does not."""

import atexit
import base64
import functools
import hashlib
import hmac
import http.server
import json
import shutil
import tempfile
import threading
import time
import urllib.parse

from confluent_kafka import Producer
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from tests.e2e.harness import QUIET, Engine, Scenario, Topic, merged
from tests.servers.kafka_security import PASSWORDS, SecureKafka

SECRETS = [*PASSWORDS.values(), "planted-wrong-password", "planted-client-secret", "planted-key-password"]


@functools.lru_cache(maxsize=1)
def secure() -> SecureKafka:
    folder = tempfile.mkdtemp(prefix="kafka-iceberg-secure-")
    server = SecureKafka(folder)
    atexit.register(lambda: (server.stop(), shutil.rmtree(folder, ignore_errors=True)))
    return server.start()


class SecureTopic(Topic):
    """A topic on the broker with locks; written over its plain listener."""

    @staticmethod
    @functools.lru_cache(maxsize=1)
    def admin() -> AdminClient:
        return AdminClient({"bootstrap.servers": secure().bootstrap, **QUIET})

    def create(self, config: dict | None = None) -> None:
        self.admin().create_topics([NewTopic(self.name, self.partitions, 1)])[self.name].result(30)

    def producer(self, **config) -> Producer:
        return Producer({"bootstrap.servers": secure().bootstrap, "enable.idempotence": True, **QUIET, **config})


def presigned(parameters: dict[str, str], secret: str) -> str:
    """The signature (AWS version 4) of a GET with these parameters, for MSK in eu-west-1."""
    query = "&".join(f"{name}={urllib.parse.quote(value, safe='')}" for name, value in sorted(parameters.items()))
    empty = hashlib.sha256(b"").hexdigest()
    request = f"GET\n/\n{query}\nhost:kafka.eu-west-1.amazonaws.com\n\nhost\n{empty}"
    scope = parameters["X-Amz-Credential"].split("/", 1)[1]
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{parameters['X-Amz-Date']}\n{scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in [*scope.split("/"), text]:
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


class TokenServer:
    """An OAuth 2 token endpoint on loopback; its tokens are unsecured, as the test broker takes them."""

    def __init__(self, lifetime_seconds: int = 3600):
        self.requests: list[dict] = []
        self.lifetime_seconds = lifetime_seconds
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.requests.append(dict(urllib.parse.parse_qsl(body)))
                good = outer.requests[-1].get("client_secret") == "planted-client-secret"
                answer = outer.token() if good else {"error": "invalid_client"}
                text = json.dumps(answer).encode()
                self.send_response(200 if good else 401)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/token"

    def token(self) -> dict:
        now = time.time()
        claims = {"sub": "alice", "iat": now, "exp": now + self.lifetime_seconds, "scope": "kafka"}
        parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
        text = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."
        return {"access_token": text, "token_type": "Bearer", "expires_in": self.lifetime_seconds}

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Security(Scenario):
    def setUp(self):
        super().setUp()
        self.pems = secure().certificates

    def login(self, listener: str, host: str = "127.0.0.1", **security) -> dict:
        return {
            "kafka": {
                "bootstrap_servers": secure().address(listener, host),
                "security": {key: str(value) for key, value in security.items()},
            }
        }

    def scram(self, listener: str = "scram", user: str = "alice", mechanism: str = "SCRAM-SHA-512", **more) -> dict:
        given = {"sasl_mechanism": mechanism, "username": user, "password": PASSWORDS[user], "ca_file": self.pems.ca}
        return self.login(listener, **{**given, **more})

    def oauth(self, server: TokenServer, **more) -> dict:
        given = {
            "protocol": "sasl_plaintext",
            "oauth_token_url": server.url,
            "oauth_client_id": "app",
            "oauth_client_secret": "planted-client-secret",
            "oauth_scope": "kafka",
        }
        return self.login("oauth", **{**given, **more})

    def assert_ingests(self, changes: dict) -> Engine:
        topic = SecureTopic(partitions=2)
        topic.send(200)
        config = self.config(topic, changes)
        checked = self.run_command("validate", "-c", config, "--connect")
        self.assertEqual(0, checked.returncode, checked.stdout + checked.stderr)
        engine = Engine(self, config, arguments=["run", "-c", str(config), "--stop-at-end", "--log-level", "debug"])
        self.assertEqual(0, engine.wait(90), engine.log[-2000:])
        self.assertEqual(200, self.rows())
        self.assertEqual(0, self.run_command("verify", "-c", config).returncode)
        self.assert_no_secret(checked.stdout + checked.stderr + engine.log + engine.output)
        return engine

    def assert_refused(self, changes: dict, *patterns: str, code: int = 77) -> str:
        """`validate --connect` fails with this code and says so; `run` says the same and holds no secret either."""
        topic = SecureTopic(partitions=1)
        topic.send(1)
        config = self.config(topic, changes)
        done = self.run_command("validate", "-c", config, "--connect")
        said = done.stdout + done.stderr
        self.assertEqual(code, done.returncode, said)
        engine = Engine(self, config)
        try:
            for pattern in patterns:
                self.assertRegex(said, pattern)
                self.wait_log(pattern, engine)
        finally:
            engine.kill()
        self.assert_no_secret(said + engine.log + engine.output)
        return said

    def assert_no_secret(self, text: str) -> None:
        for path in [*self.state.rglob("*"), *self.warehouse.rglob("*")]:
            if path.is_file():
                text += path.read_bytes().decode("latin-1")
        for secret in SECRETS:
            self.assertNotIn(secret, text)

    # ------------------------------------------------------------------------------------------- what works
    def test_tls(self):
        self.assert_ingests(self.login("ssl", ca_file=self.pems.ca))

    def test_mutual_tls(self):
        self.assert_ingests(
            self.login(
                "mtls",
                ca_file=self.pems.ca,
                certificate_file=self.pems.client,
                key_file=self.pems.client_locked_key,
                key_password=self.pems.client_key_password,
            )
        )

    def test_scram_512(self):
        self.assert_ingests(self.scram())

    def test_scram_256(self):
        self.assert_ingests(self.scram(mechanism="SCRAM-SHA-256"))

    def test_plain(self):
        self.assert_ingests(self.scram("plain", mechanism="PLAIN"))

    def test_oauth(self):
        server = TokenServer()
        self.addCleanup(server.stop)
        self.assert_ingests(self.oauth(server, oauth_audience="brokers", oauth_extensions="pool=a"))
        self.assertEqual("client_credentials", server.requests[0]["grant_type"])
        self.assertEqual(("kafka", "brokers"), (server.requests[0]["scope"], server.requests[0]["audience"]))

    def test_oauth_tokens_are_renewed_while_running(self):
        server = TokenServer(lifetime_seconds=8)
        self.addCleanup(server.stop)
        topic = SecureTopic(partitions=1)
        topic.send(10)
        engine = Engine(self, self.config(topic, self.oauth(server)))
        self.wait_rows(10, engine)
        asked = len(server.requests)
        self.wait_for("two more tokens were asked for", lambda: len(server.requests) >= asked + 2, engine)
        topic.send(10)
        self.wait_rows(20, engine)
        self.assertEqual(0, engine.stop())

    # ------------------------------------------------------------------------------------------- what does not
    def test_wrong_password(self):
        self.assert_refused(self.scram(password="planted-wrong-password"), "'alice' by SCRAM-SHA-512", "password")

    def test_mechanism_the_broker_does_not_have(self):
        self.assert_refused(self.scram(mechanism="PLAIN"), "set kafka.security.sasl_mechanism", "SCRAM-SHA-512")

    def test_wrong_authority(self):
        self.assert_refused(self.login("ssl", ca_file=self.pems.other_ca), "not signed by an authority in kafka")

    def test_no_authority(self):
        self.assert_refused(self.login("ssl", protocol="ssl"), "set kafka.security.ca_file")

    def test_another_host_name(self):
        changes = self.login("ssl", "localhost", ca_file=self.pems.ca)
        self.assert_refused(changes, "for another host name", "advertised.listeners")

    def test_host_name_not_looked_at(self):
        self.assert_ingests(self.login("ssl", "localhost", ca_file=self.pems.ca, verify_hostname="false"))

    def test_expired_certificate(self):
        self.assert_refused(self.login("expired", ca_file=self.pems.ca), "has expired")

    def test_plaintext_on_a_tls_port(self):
        done = self.run_command(
            "validate", "-c", self.config(SecureTopic(1), self.login("ssl", protocol="plaintext")), "--connect"
        )
        self.assertEqual(77, done.returncode)
        self.assertRegex(done.stdout, "wants TLS or a login.*kafka.security.protocol")

    def test_tls_on_a_plaintext_port(self):
        changes = self.login("ssl", ca_file=self.pems.ca)
        changes["kafka"]["bootstrap_servers"] = secure().bootstrap
        done = self.run_command("validate", "-c", self.config(SecureTopic(1), changes), "--connect")
        self.assertEqual(77, done.returncode)
        self.assertRegex(done.stdout, "does not speak TLS")

    def test_client_certificate_missing_or_strange(self):
        wanted = self.login("mtls", ca_file=self.pems.ca)
        self.assert_refused(wanted, "wants a client's certificate: set kafka.security.certificate_file")
        strange = self.pems.strange_client
        changes = self.login("mtls", ca_file=self.pems.ca, certificate_file=strange, key_file=strange)
        self.assert_refused(changes, "refuses the client's certificate")

    def test_topic_that_may_not_be_read(self):
        self.assert_refused(self.scram(user="bob"), "'bob' may not (read topic|use consumer group)", "grant it Read")

    def test_letters_into_a_topic_need_permissions_that_are_named(self):
        """bob is given one after the other; what is missing is said, and by name."""
        topic = SecureTopic(partitions=1)
        topic.send_values([b'{"id":1}', b"rubbish"])
        letters = f"{topic.name}-letters"

        def allow(kind: ResourceType, name: str, operations: list[AclOperation], prefixed: bool = False) -> None:
            pattern = ResourcePatternType.PREFIXED if prefixed else ResourcePatternType.LITERAL
            acls = [
                AclBinding(kind, name, pattern, "User:bob", "*", operation, AclPermissionType.ALLOW)
                for operation in operations
            ]
            for future in SecureTopic.admin().create_acls(acls).values():
                future.result(30)

        changes = merged(self.scram(user="bob"), {"dead_letter": {"mode": "topic", "topic": letters}})
        config = self.config(topic, changes)

        def assert_stops(pattern: str) -> None:
            engine = Engine(self, config)
            self.assertEqual(77, engine.wait(), engine.log[-2000:])
            self.assertRegex(engine.log, pattern)
            self.assert_no_secret(engine.log + engine.output)

        allow(ResourceType.TOPIC, topic.name, [AclOperation.READ])
        allow(ResourceType.GROUP, "group-", [AclOperation.READ], prefixed=True)
        assert_stops(f"grant Write, Read and Describe on topic {letters}")
        allow(ResourceType.TOPIC, letters, [AclOperation.DESCRIBE])
        assert_stops("may not be made: create it, or grant Create")
        allow(ResourceType.TOPIC, letters, [AclOperation.CREATE])
        assert_stops("grant Write and Describe on transactional ids")
        allow(ResourceType.TRANSACTIONAL_ID, "kafka-iceberg-", [AclOperation.WRITE], prefixed=True)
        engine = Engine(self, config)
        self.wait_log(f"grant Write, Read and Describe on topic {letters}", engine)
        engine.kill()
        allow(ResourceType.TOPIC, letters, [AclOperation.WRITE, AclOperation.READ])
        engine = Engine(self, config, arguments=["run", "-c", str(config), "--stop-at-end"])
        self.assertEqual(0, engine.wait(), engine.log[-2000:])
        self.assertEqual(1, self.json_of("dlq", "list", "-c", config)["letters"])

    def test_token_server_refuses(self):
        server = TokenServer()
        self.addCleanup(server.stop)
        changes = self.oauth(server, oauth_client_secret="planted-wrong-password")
        self.assert_refused(changes, "token endpoint .* answers 401 invalid_client: check client id, secret")

    # ------------------------------------------------------------------------------------------- Amazon MSK
    def test_msk_token(self):
        """No broker here can check one: a listener catches what is sent, and the signature is made again."""
        session = "session/+token="
        changes = self.login(
            "oauth",
            protocol="sasl_plaintext",
            sasl_mechanism="AWS_MSK_IAM",
            aws_region="eu-west-1",
            aws_access_key="AKIDPLANTED",
            aws_secret_key="planted-client-secret",
            aws_session_token=session,
        )
        token = self.first_token(changes)
        url = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        place, query = url.split("?")
        self.assertEqual("https://kafka.eu-west-1.amazonaws.com/", place)
        parameters = dict(urllib.parse.parse_qsl(query))
        self.assertEqual("kafka-cluster:Connect", parameters["Action"])
        self.assertEqual("900", parameters["X-Amz-Expires"])
        self.assertEqual(session, parameters["X-Amz-Security-Token"])
        self.assertTrue(parameters.pop("User-Agent"))
        self.assertEqual(parameters.pop("X-Amz-Signature"), presigned(parameters, "planted-client-secret"))
        self.assertNotIn("planted-client-secret", url)

    def first_token(self, changes: dict) -> str:
        """What `validate --connect` sends first, caught by a listener that speaks just enough Kafka."""
        from tests.servers.sasl_listener import SaslListener

        listener = SaslListener()
        self.addCleanup(listener.stop)
        changes["kafka"]["bootstrap_servers"] = listener.address
        topic = SecureTopic(1)
        done = self.run_command("validate", "-c", self.config(topic, changes), "--connect")
        self.assert_no_secret(done.stdout + done.stderr)
        self.assertTrue(listener.tokens, done.stdout + done.stderr)
        return listener.tokens[0]
