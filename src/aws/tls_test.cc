// The HTTP client over TLS: what it accepts, what it refuses and by which name.
#include <mutex>

#include "aws/client_certificate.h"
#include "support/aws/certificates.h"
#include "support/aws/client_fixture.h"
#include "support/aws/http_server.h"
#include "support/aws/loopback.h"

namespace ddb {
namespace {

using testkit::HttpServer;
using testkit::Identity;
using testkit::MakeIdentity;
using testkit::Peer;

class TlsTest : public testkit::HttpClientFixture {
 protected:
  TlsTest() : authority_(MakeIdentity(nullptr, "")), trusted_(authority_) {}

  static void Echo(Peer& peer) {
    for (std::string request; !(request = peer.ReadRequest()).empty();) {
      peer.Reply(request.substr(request.find("\r\n\r\n") + 4));
    }
  }
  // What a first request to a server with this certificate ends with.
  TransportError Try(const Identity& identity, const std::string& host = "127.0.0.1") {
    HttpServer server(Echo, &identity);
    return Get(*Client(server.port(), host, true), request_).error;
  }

  const Identity authority_;
  const testkit::Trusted trusted_;
  const std::string names_ = "DNS:localhost,IP:127.0.0.1";
  const std::string request_ = Request("{}");
};

TEST_F(TlsTest, RightCertificate) {
  const Identity identity = MakeIdentity(&authority_, names_);
  EXPECT_EQ(Try(identity), TransportError::kNone);
  EXPECT_EQ(Try(identity, "localhost"), TransportError::kNone);
}

TEST_F(TlsTest, Expired) {
  EXPECT_EQ(Try(MakeIdentity(&authority_, names_, -7200, -3600)), TransportError::kTlsExpired);
  EXPECT_EQ(Try(MakeIdentity(&authority_, names_, 3600, 7200)), TransportError::kTlsExpired);
}

TEST_F(TlsTest, WrongName) {
  EXPECT_EQ(Try(MakeIdentity(&authority_, "DNS:example.com"), "localhost"), TransportError::kTlsWrongName);
  EXPECT_EQ(Try(MakeIdentity(&authority_, "DNS:localhost,IP:127.0.0.2")), TransportError::kTlsWrongName);
  // An address is no name.
  EXPECT_EQ(Try(MakeIdentity(&authority_, "DNS:127.0.0.1")), TransportError::kTlsWrongName);
}

TEST_F(TlsTest, AWildcardStandsForOneWholeLabel) {
  struct Case {
    const char* certificate;
    TransportError error;
  };
  options_.lookup = [this](const std::string&, uint16_t port, LookupAnswer answer) {
    loop_.Post([port, answer = std::move(answer)] { answer({testkit::Loopback(port)}); });
    return nullptr;
  };
  for (const Case& c : {Case{"DNS:dynamodb.here.example.com", TransportError::kNone},
                        Case{"DNS:*.here.example.com", TransportError::kNone},
                        Case{"DNS:dyna*.here.example.com", TransportError::kTlsWrongName},
                        Case{"DNS:*.example.com", TransportError::kTlsWrongName},
                        Case{"DNS:here.example.com", TransportError::kTlsWrongName}}) {
    EXPECT_EQ(Try(MakeIdentity(&authority_, c.certificate), "dynamodb.here.example.com"), c.error)
        << c.certificate;
  }
}

// Where the end of the connection ends the reply, TLS's own goodbye says that it is the server's.
TEST_F(TlsTest, AReplyThatAnybodyCouldHaveCutOffIsToldAsSuch) {
  const Identity identity = MakeIdentity(&authority_, names_);
  for (const bool in_good_order : {true, false}) {
    HttpServer server(
        [&](Peer& peer) {
          peer.ReadRequest();
          peer.Write("HTTP/1.1 502 Bad Gateway\r\n\r\nsorry");
          if (in_good_order) peer.SayGoodbye();
        },
        &identity);
    const testkit::Kept reply = Get(*Client(server.port(), "127.0.0.1", true), request_);
    EXPECT_EQ(reply.error, TransportError::kNone);
    EXPECT_TRUE(reply.open_ended);
    EXPECT_EQ(reply.cut_off, !in_good_order);
    EXPECT_EQ(reply.body, "sorry");
  }
}

TEST_F(TlsTest, Untrusted) {
  const Identity other = MakeIdentity(nullptr, "");
  EXPECT_EQ(Try(MakeIdentity(&other, names_)), TransportError::kTlsUntrusted);
  EXPECT_EQ(Try(other), TransportError::kTlsUntrusted);
}

// https://www.rfc-editor.org/rfc/rfc8996
TEST_F(TlsTest, VersionsThatAreNoLongerSafe) {
  const Identity identity = MakeIdentity(&authority_, names_);
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION}) {
    HttpServer server(Echo, &identity);
    SSL_CTX_set_security_level(server.tls(), 0);
    SSL_CTX_set_min_proto_version(server.tls(), version);
    SSL_CTX_set_max_proto_version(server.tls(), version);
    const TransportError expected =
        version >= TLS1_2_VERSION ? TransportError::kNone : TransportError::kTlsTooOld;
    EXPECT_EQ(Get(*Client(server.port(), "127.0.0.1", true), request_).error, expected) << version;
  }
}

// What only says that it speaks no such version.
TEST_F(TlsTest, AnAlertAboutTheVersion) {
  HttpServer server([](Peer& peer) {
    peer.Write(std::string("\x15\x03\x01\x00\x02\x02\x46", 7));  // fatal, protocol_version
    peer.AtEnd();
  });
  EXPECT_EQ(Get(*Client(server.port(), "127.0.0.1", true), request_).error, TransportError::kTlsTooOld);
}

class ClientCertificateTest : public TlsTest {
 protected:
  static std::string Pem(const Identity& identity, bool with_key = true) {
    const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_X509(bio.get(), identity.certificate.get());
    if (with_key)
      PEM_write_bio_PrivateKey(bio.get(), identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<size_t>(size)};
  }
  // A server that asks for a certificate of `trusted`, and wants one if `must`.
  TransportError TryAt(int version, const Identity& identity, const Identity& trusted, const std::string& own,
                       bool must = true) {
    HttpServer server(Echo, &identity);
    SSL_CTX_set_min_proto_version(server.tls(), version);
    SSL_CTX_set_max_proto_version(server.tls(), version);
    SSL_CTX_set_verify(server.tls(), SSL_VERIFY_PEER | (must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
    SSL_CTX_set_session_id_context(server.tls(), reinterpret_cast<const unsigned char*>("test"), 4);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(server.tls()), trusted.certificate.get());
    options_.client_certificate = own.empty() ? nullptr : *ClientCertificate::Parse(own);
    return Get(*Client(server.port(), "127.0.0.1", true), request_).error;
  }
};

TEST_F(ClientCertificateTest, IsShownToWhoAsks) {
  const Identity identity = MakeIdentity(&authority_, names_);
  const Identity clients = MakeIdentity(nullptr, ""), stranger = MakeIdentity(nullptr, "");
  const std::string good = Pem(MakeIdentity(&clients, "DNS:loader"));
  const std::string expired = Pem(MakeIdentity(&clients, "DNS:loader", -7200, -3600));
  const std::string strange = Pem(MakeIdentity(&stranger, "DNS:loader"));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(TryAt(version, identity, clients, good), TransportError::kNone) << version;
    EXPECT_EQ(TryAt(version, identity, clients, ""), TransportError::kTlsClient) << version;
    EXPECT_EQ(TryAt(version, identity, clients, "", false), TransportError::kNone) << version;
    EXPECT_EQ(TryAt(version, identity, clients, expired), TransportError::kTlsClient) << version;
    EXPECT_EQ(TryAt(version, identity, clients, strange), TransportError::kTlsClient) << version;
  }
}

TEST_F(ClientCertificateTest, ComesWithItsChain) {
  const Identity identity = MakeIdentity(&authority_, names_);
  const Identity clients = MakeIdentity(nullptr, "");
  const Identity between = MakeIdentity(&clients, "DNS:between", -3600, 3600, true);
  const Identity own = MakeIdentity(&between, "DNS:loader");
  EXPECT_EQ(TryAt(TLS1_3_VERSION, identity, clients, Pem(own)), TransportError::kTlsClient);
  EXPECT_EQ(TryAt(TLS1_3_VERSION, identity, clients, Pem(own) + Pem(between, false)), TransportError::kNone);
}

TEST_F(ClientCertificateTest, WhatCannotBeOne) {
  const Identity one = MakeIdentity(&authority_, names_), other = MakeIdentity(&authority_, names_);
  const auto message = [](const std::string& pem) {
    const auto parsed = ClientCertificate::Parse(pem);
    return parsed.ok() ? "(taken)" : parsed.error().message;
  };
  const auto key_of = [](const std::string& pem) { return pem.substr(pem.find("-----BEGIN PRIVATE")); };
  const std::string whole = Pem(one), key = key_of(whole);
  EXPECT_EQ(message(whole), "(taken)");
  EXPECT_EQ(message(key + Pem(one, false)), "(taken)");
  EXPECT_NE(message("nonsense").find("no certificate that can be read"), std::string::npos);
  EXPECT_NE(message(key).find("no certificate that can be read"), std::string::npos);
  EXPECT_NE(message(Pem(one, false)).find("no private key that can be read"), std::string::npos);
  EXPECT_NE(message(Pem(other, false) + key).find("not the one of its first certificate"), std::string::npos);
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PKCS8PrivateKey(bio.get(), one.key.get(), EVP_aes_128_cbc(), "word", 4, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  const std::string locked = Pem(one, false) + std::string(data, static_cast<size_t>(size));
  EXPECT_NE(message(locked).find("has a password"), std::string::npos);
  EXPECT_EQ(message(locked).find(locked.substr(100, 20)), std::string::npos);
}

TEST_F(TlsTest, NotTlsAtAll) {
  HttpServer server([](Peer& peer) { peer.Write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  EXPECT_EQ(Get(*Client(server.port(), "127.0.0.1", true), request_).error, TransportError::kTlsOther);
}

TEST_F(TlsTest, ClosedDuringTheHandshake) {
  HttpServer server([](Peer&) {});
  EXPECT_EQ(Get(*Client(server.port(), "127.0.0.1", true), request_).error, TransportError::kReset);
}

TEST_F(TlsTest, HandshakeInTime) {
  HttpServer server([](Peer& peer) {
    while (!peer.AtEnd()) {
    }
  });
  const auto client = Client(server.port(), "127.0.0.1", true);
  Send(*client, request_);
  Until([&] { return server.accepted() == 1; });
  clock_.Advance(options_.connect_timeout);
  Until([&] {
    clock_.Advance(options_.connect_timeout);
    return !replies_.empty();
  });
  EXPECT_EQ(replies_[0].error, TransportError::kConnectTimeout);
}

TEST_F(TlsTest, LargeBodiesAndKeepAlive) {
  const Identity identity = MakeIdentity(&authority_, names_);
  HttpServer server(Echo, &identity);
  const auto client = Client(server.port(), "127.0.0.1", true);
  std::string body(5'000'000, 'x');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  max_reply_ = body.size();
  const std::string request = Request(body);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(Get(*client, request).body == body);
    EXPECT_EQ(Get(*client, request_).body, "{}");
  }
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(TlsTest, NewConnectionsResumeAndNameTheHost) {
  const Identity identity = MakeIdentity(&authority_, names_);
  std::mutex mutex;
  std::vector<bool> resumed;
  std::string name = "none";
  HttpServer server(
      [&](Peer& peer) {
        {
          const std::lock_guard<std::mutex> lock(mutex);
          resumed.push_back(peer.resumed());
          name = peer.server_name();
        }
        peer.ReadRequest();
        peer.Reply("ok", "Connection: close\r\n");
        peer.AtEnd();
      },
      &identity);
  const auto client = Client(server.port(), "localhost", true);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Get(*client, request_).error, TransportError::kNone);
    const std::lock_guard<std::mutex> lock(mutex);
    EXPECT_EQ(name, "localhost");  // servers of several names choose their certificate by it
  }
  EXPECT_EQ(Get(*Client(server.port(), "127.0.0.1", true), request_).error, TransportError::kNone);
  const std::lock_guard<std::mutex> lock(mutex);
  EXPECT_EQ(resumed, (std::vector<bool>{false, true, true, false}));
  EXPECT_EQ(name, "");  // of the last: an address is not sent as a name
}

TEST_F(TlsTest, SecondReplyIsNeverTakenForTheNextRequests) {
  const Identity identity = MakeIdentity(&authority_, names_);
  HttpServer server(
      [&](Peer& peer) {
        while (!peer.ReadRequest().empty()) {
          // In TLS records of their own that arrive, and are read, together.
          peer.Cork(true);
          peer.Reply("first");
          peer.Reply("second");
          peer.Cork(false);
        }
      },
      &identity);
  const auto client = Client(server.port(), "127.0.0.1", true);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Get(*client, request_).body, "first");
}

}  // namespace
}  // namespace ddb
