# SPDX-License-Identifier: Apache-2.0
"""A Kafka broker whose listeners want what brokers in the field want: TLS, client certificates, SASL of every kind.

    broker = SecureKafka(folder); broker.start(); broker.address("scram"); broker.certificates.ca ...

Listeners: plaintext (super user, for the tests' own clients), ssl, mtls, expired (TLS with a certificate of yesterday),
scram (SASL_SSL, SCRAM-SHA-256 and -512), plain (SASL_SSL), oauth (SASL_PLAINTEXT, unsecured tokens).
Users: alice may do everything, bob may log in and nothing else; their passwords are in PASSWORDS.
"""

import pathlib
import subprocess

from tests.servers import process
from tests.servers.kafka import Kafka

PASSWORDS = {"alice": "planted-alice-password", "bob": "planted-bob-password"}
LISTENERS = {
    "ssl": "SSL",
    "mtls": "SSL",
    "expired": "SSL",
    "scram": "SASL_SSL",
    "plain": "SASL_SSL",
    "oauth": "SASL_PLAINTEXT",
}


class Certificates:
    """A certificate authority, a broker's and a client's certificate, and the same of a stranger; all as PEM files."""

    def __init__(self, folder: pathlib.Path):
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.ca = self._authority("ca")
        self.other_ca = self._authority("other-ca")
        self.broker = self._issue("broker", self.ca, "subjectAltName=IP:127.0.0.1")
        self.expired = self._issue("expired", self.ca, "subjectAltName=IP:127.0.0.1", days=-1)
        self.client = self._issue("client", self.ca)
        self.client_key_password = "planted-key-password"
        self.client_locked_key = self._locked_key("client")
        self.strange_client = self._issue("strange-client", self.other_ca)

    def _openssl(self, *arguments: object) -> None:
        done = subprocess.run(["openssl", *map(str, arguments)], cwd=self._folder, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"openssl {arguments}: {done.stderr}")

    def _new_key(self, name: str, *more: object) -> None:
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        self._openssl("req", *curve, "-keyout", f"{name}.key", "-subj", f"/CN={name}", *more)

    def _authority(self, name: str) -> pathlib.Path:
        self._new_key(name, "-x509", "-days", 30, "-out", f"{name}.pem")
        return self._folder / f"{name}.pem"

    def _issue(self, name: str, authority: pathlib.Path, extension: str = "", days: int = 30) -> pathlib.Path:
        """One file with private key and certificate, as Kafka takes its PEM key stores."""
        self._new_key(name, "-out", f"{name}.csr")
        (self._folder / f"{name}.ext").write_text(f"basicConstraints=CA:FALSE\n{extension}\n")
        by = ("-CA", authority, "-CAkey", authority.with_suffix(".key"), "-CAcreateserial", "-extfile", f"{name}.ext")
        self._openssl("x509", "-req", "-in", f"{name}.csr", *by, "-days", days, "-out", f"{name}.crt")
        path = self._folder / f"{name}.pem"
        path.write_text("".join((self._folder / f"{name}.{part}").read_text() for part in ("key", "crt")))
        return path

    def _locked_key(self, name: str) -> pathlib.Path:
        secret = f"pass:{self.client_key_password}"
        self._openssl("pkcs8", "-topk8", "-in", f"{name}.key", "-passout", secret, "-out", f"{name}-locked.pem")
        return self._folder / f"{name}-locked.pem"


class SecureKafka(Kafka):
    def __init__(self, folder: str):
        self.certificates = Certificates(pathlib.Path(folder) / "certificates")
        self.ports = {name: process.free_port() for name in LISTENERS}
        super().__init__(folder)

    def address(self, listener: str, host: str = "127.0.0.1") -> str:
        return f"{host}:{self.ports[listener]}"

    def _extra_format_arguments(self) -> list[str]:
        return [
            argument
            for user, password in PASSWORDS.items()
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
            for argument in ("--add-scram", f"{mechanism}=[name={user},password={password}]")
        ]

    def _properties(self, controller: int) -> str:
        text = super()._properties(controller)
        places = "".join(f",{name.upper()}://127.0.0.1:{port}" for name, port in self.ports.items())
        plain = f"PLAINTEXT://127.0.0.1:{self.port}"
        text = text.replace(f"listeners={plain}", f"listeners={plain}{places}", 1)
        text = text.replace(f"advertised.listeners={plain}", f"advertised.listeners={plain}{places}")
        kinds = "".join(f",{name.upper()}:{kind}" for name, kind in LISTENERS.items())
        text = text.replace("protocol.map=PLAINTEXT:PLAINTEXT", f"protocol.map=PLAINTEXT:PLAINTEXT{kinds}")
        return text + self._security()

    def _security(self) -> str:
        users = " ".join(f'user_{user}="{password}"' for user, password in PASSWORDS.items())
        modules = "org.apache.kafka.common.security"
        lines = [
            "ssl.keystore.type=PEM",
            "ssl.truststore.type=PEM",
            f"ssl.keystore.location={self.certificates.broker}",
            f"ssl.truststore.location={self.certificates.ca}",
            "listener.name.mtls.ssl.client.auth=required",
            "listener.name.expired.ssl.keystore.type=PEM",
            f"listener.name.expired.ssl.keystore.location={self.certificates.expired}",
            "listener.name.scram.sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512",
            f"listener.name.scram.scram-sha-256.sasl.jaas.config={modules}.scram.ScramLoginModule required;",
            f"listener.name.scram.scram-sha-512.sasl.jaas.config={modules}.scram.ScramLoginModule required;",
            "listener.name.plain.sasl.enabled.mechanisms=PLAIN",
            f"listener.name.plain.plain.sasl.jaas.config={modules}.plain.PlainLoginModule required {users};",
            "listener.name.oauth.sasl.enabled.mechanisms=OAUTHBEARER",
            f"listener.name.oauth.oauthbearer.sasl.jaas.config={modules}.oauthbearer.OAuthBearerLoginModule required;",
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users=User:ANONYMOUS;User:alice;User:CN=client",
        ]
        return "\n".join(lines) + "\n"
