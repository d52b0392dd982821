// Which authorities are trusted, by what the environment names.
#include "aws/trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "support/aws/certificates.h"

namespace ddb {
namespace {

using testkit::Identity;
using testkit::MakeIdentity;

constexpr const char* kVariables[] = {"AWS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"};

class TrustTest : public ::testing::Test {
 protected:
  TrustTest() {
    for (const char* name : kVariables) {
      const char* value = std::getenv(name);
      if (value != nullptr) before_[name] = value;
      unsetenv(name);
    }
    std::filesystem::create_directories(folder_);
  }
  ~TrustTest() override {
    for (const char* name : kVariables) {
      unsetenv(name);
      if (const auto found = before_.find(name); found != before_.end())
        setenv(name, found->second.c_str(), 1);
    }
    std::filesystem::remove_all(folder_);
  }

  std::string FileOf(const Identity& identity, const std::string& name) {
    const std::string path = folder_ / name;
    FILE* file = std::fopen(path.c_str(), "w");
    PEM_write_X509(file, identity.certificate.get());
    std::fclose(file);
    return path;
  }
  std::string FileWith(const std::string& text) {
    const std::string path = folder_ / "text";
    std::ofstream(path) << text;
    return path;
  }
  static bool Trusts(const Identity& authority) {
    const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()),
                                                               SSL_CTX_free);
    Trust::FromEnvironment()->GiveTo(context.get());
    const std::unique_ptr<X509_STORE_CTX, void (*)(X509_STORE_CTX*)> check(X509_STORE_CTX_new(),
                                                                           X509_STORE_CTX_free);
    X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(context.get()), authority.certificate.get(),
                        nullptr);
    return X509_verify_cert(check.get()) == 1;
  }

  std::map<std::string, std::string> before_;
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("trust_test." + std::to_string(getpid()));
  const Identity one_ = MakeIdentity(nullptr, "");
  const Identity two_ = MakeIdentity(nullptr, "");
};

TEST_F(TrustTest, AnyVariableWillDo) {
  EXPECT_FALSE(Trusts(one_));
  for (const char* name : {"AWS_CA_BUNDLE", "SSL_CERT_FILE"}) {
    setenv(name, FileOf(one_, "one").c_str(), 1);
    EXPECT_TRUE(Trusts(one_)) << name;
    EXPECT_FALSE(Trusts(two_)) << name;
    EXPECT_TRUE(Trust::FromEnvironment()->Check().ok());
    EXPECT_EQ(Trust::FromEnvironment()->unreadable().view(), "");
    unsetenv(name);
  }
}

// A platform's image sets one, its user another.
TEST_F(TrustTest, BothAreTrusted) {
  setenv("AWS_CA_BUNDLE", FileOf(one_, "one").c_str(), 1);
  setenv("SSL_CERT_FILE", FileOf(two_, "two").c_str(), 1);
  EXPECT_TRUE(Trusts(one_));
  EXPECT_TRUE(Trusts(two_));
}

TEST_F(TrustTest, AFolderOfHashes) {
  char name[32];
  std::snprintf(name, sizeof(name), "%08lx.0", X509_subject_name_hash(one_.certificate.get()));
  FileOf(one_, name);
  setenv("AWS_CA_BUNDLE", folder_.c_str(), 1);
  EXPECT_TRUE(Trusts(one_));
  EXPECT_TRUE(Trust::FromEnvironment()->Check().ok());
}

// What is in it cannot be found there.
TEST_F(TrustTest, AFolderWithoutHashesHoldsNoCertificate) {
  FileOf(one_, "one.pem");
  setenv("AWS_CA_BUNDLE", folder_.c_str(), 1);
  EXPECT_FALSE(Trusts(one_));
  EXPECT_FALSE(Trust::FromEnvironment()->Check().ok());
}

TEST_F(TrustTest, WhatHoldsNoCertificateIsNamedByItsVariable) {
  for (const std::string& path :
       {FileWith(""), FileWith("secret"), (folder_ / "none").string(), std::string("/dev/null")}) {
    setenv("AWS_CA_BUNDLE", path.c_str(), 1);
    const Status status = Trust::FromEnvironment()->Check();
    ASSERT_FALSE(status.ok()) << path;
    EXPECT_EQ(status.error().type, FailureType::kConfig);
    EXPECT_THAT(status.error().message, ::testing::HasSubstr("AWS_CA_BUNDLE"));
    EXPECT_THAT(status.error().message, ::testing::Not(::testing::HasSubstr(path)));
    unsetenv("AWS_CA_BUNDLE");
    setenv("SSL_CERT_FILE", path.c_str(), 1);
    EXPECT_TRUE(Trust::FromEnvironment()->Check().ok());
    EXPECT_EQ(Trust::FromEnvironment()->unreadable().view(), "SSL_CERT_FILE");
    unsetenv("SSL_CERT_FILE");
  }
}

TEST_F(TrustTest, AnEmptyVariableIsNone) {
  for (const char* name : kVariables) setenv(name, "", 1);
  EXPECT_TRUE(Trust::FromEnvironment()->Check().ok());
  EXPECT_EQ(Trust::FromEnvironment()->unreadable().view(), "");
  EXPECT_FALSE(Trusts(one_));
}

}  // namespace
}  // namespace ddb
