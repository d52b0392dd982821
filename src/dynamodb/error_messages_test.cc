// What a user reads, by what came back and where it came from.
#include "dynamodb/error_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ddb {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const EndpointText kAws{"https://dynamodb.us-east-1.amazonaws.com/", "us-east-1", false};
const EndpointText kCustom{"http://ddb.intern.test:8000/ddb", "us-east-1", true};
const EndpointText kCustomTls{"https://ddb.intern.test/", "us-east-1", true};

Error ErrorOf(const HttpReply& reply, const EndpointText& endpoint, bool answered = false) {
  return OperationError({"CreateTable", "t", Classify(reply, true), "", false, answered}, endpoint);
}
std::string TextOf(int status, std::string_view body, const EndpointText& endpoint = kCustom,
                   std::string_view location = "") {
  HttpReply reply;
  reply.status = status;
  reply.body = body;
  reply.location = location;
  return ErrorOf(reply, endpoint).message;
}
std::string TextOf(TransportError error, const EndpointText& endpoint = kCustom, bool answered = false) {
  HttpReply reply;
  reply.transport = error;
  return ErrorOf(reply, endpoint, answered).message;
}

TEST(ErrorMessages, WhatAnswersInsteadIsNamedWithItsStatus) {
  struct Case {
    int status;
    std::string_view body;
    std::string_view says;
  };
  const Case cases[] = {
      {302, "", "another address"},
      {407, "<html>", "login"},
      {502, "<html>secret</html>", "HTML"},
      {503, "no server is available", "load balancer"},
      {404, "<html>secret</html>", "path"},
      {413, "<html>secret</html>", "size"},
      {403, "<html>secret</html>", "proxy"},
      {401, R"({"message":"secret"})", "proxy"},
      {204, "", "endpoint"},
      {500, R"({"error":"secret"})", "endpoint"},
      {418, "secret", "endpoint"},
  };
  for (const Case& c : cases) {
    const std::string text = TextOf(c.status, c.body);
    EXPECT_THAT(text, AllOf(HasSubstr(kCustom.url), HasSubstr(std::to_string(c.status)), HasSubstr(c.says),
                            Not(HasSubstr("secret"))));
  }
}

// What a policy has to name, of the parts of the server's text nothing but the account's number.
TEST(ErrorMessages, ADenialHasTheTablesArn) {
  const auto text_of = [](std::string_view resource, const EndpointText& endpoint) {
    return TextOf(
        400,
        R"({"__type":"AccessDeniedException","message":"User: arn:aws:iam::999999999999:user/secret is )"
        R"(not authorized to perform: dynamodb:CreateTable on resource: )" +
            std::string(resource) + R"( because secret"})",
        endpoint);
  };
  const EndpointText own{"https://dynamodb.cn-north-1.amazonaws.com.cn/", "cn-north-1"};
  EXPECT_THAT(text_of("arn:aws-cn:dynamodb:cn-north-1:123456789012:table/t", own),
              AllOf(HasSubstr("(arn:aws-cn:dynamodb:cn-north-1:123456789012:table/t) is missing"),
                    Not(HasSubstr("secret")), Not(HasSubstr("9999"))));
  for (const std::string_view none :
       {"", "secret", "arn:aws-cn:dynamodb:cn-north-1:12345678901:table/t",
        "arn:aws-cn:dynamodb:cn-north-1:secretsecret:table/t", "arn:aws-cn:dynamodb::1234567890123:table/t",
        "x:dynamodb: secret:123456789012:table/t",
        "arn:aws-cn:dynamodb:cn-north-1:123456789012:global-table/t"}) {
    EXPECT_THAT(text_of(none, own), AllOf(HasSubstr("(arn:aws-cn:dynamodb:cn-north-1:*:table/t) is missing"),
                                          Not(HasSubstr("secret"))))
        << none;
    // Of another engine there is none.
    EXPECT_THAT(text_of(none, kCustom), AllOf(HasSubstr("on table t is missing"), Not(HasSubstr("secret"))));
  }
  EndpointText vpc = kCustom;
  vpc.region = "us-gov-east-1";
  EXPECT_THAT(text_of("arn:aws-us-gov:dynamodb:us-gov-east-1:123456789012:table/t/index/i", vpc),
              HasSubstr("(arn:aws-us-gov:dynamodb:us-gov-east-1:123456789012:table/t)"));
}

TEST(ErrorMessages, WhereARedirectionPoints) {
  EXPECT_THAT(TextOf(301, "", kCustom, "https://u:secret@ddb.example.com/a?secret#secret"),
              AllOf(HasSubstr("points to https://ddb.example.com."), Not(HasSubstr("secret"))));
  EXPECT_THAT(TextOf(308, "", kCustom, "/secret"), AllOf(HasSubstr("308"), Not(HasSubstr("secret"))));
  EXPECT_THAT(TextOf(307, "", kCustom, "https://a secret/"), Not(HasSubstr("secret")));
}

TEST(ErrorMessages, AnErrorThatDynamoDbNamesIsNoStrangers) {
  EXPECT_THAT(TextOf(400, R"({"__type":"x#NewException"})"), HasSubstr("unknown to this version"));
  EXPECT_THAT(TextOf(500, R"({"__type":"InternalServerError"})"), Not(HasSubstr("does not answer")));
}

// Whichever way it shows itself.
TEST(ErrorMessages, HttpOnAPortForTls) {
  for (const std::string_view page :
       {"<html><h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port</html>",
        "Client sent an HTTP request to an HTTPS server.\n",
        "Bad Request\nThis combination of host and port requires TLS.\n",
        "<p>Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />"}) {
    EXPECT_THAT(TextOf(400, page), HasSubstr("has to start with https://")) << page;
  }
  for (const TransportError error : {TransportError::kSpeaksTls, TransportError::kReset,
                                     TransportError::kTimeout, TransportError::kCutShort}) {
    EXPECT_THAT(TextOf(error), HasSubstr("has to start with https://"));
  }
  EXPECT_THAT(TextOf(TransportError::kReset, kCustom, /*answered=*/true), Not(HasSubstr("https://")));
  EXPECT_THAT(TextOf(TransportError::kReset, kAws), Not(HasSubstr("has to start")));
  EXPECT_THAT(TextOf(TransportError::kReset, kCustomTls), HasSubstr("has to start with http://"));
  EXPECT_THAT(TextOf(400, "<html>Bad Request</html>"), Not(HasSubstr("https://")));
}

// At an endpoint that is not AWS's own another cause is as likely.
TEST(ErrorMessages, TheSecondCause) {
  const std::pair<std::string, std::string> cases[] = {
      {R"({"__type":"InvalidSignatureException","message":"The request signature we calculated"})", "path"},
      {R"({"__type":"UnrecognizedClientException","message":"The Access Key ID or security token is invalid."})",
       "letters and digits"},
      {R"({"__type":"UnrecognizedClientException","message":"User not found"})", "Alternator"},
      {R"({"__type":"ResourceNotFoundException","message":"no table"})", "-sharedDb"},
  };
  for (const auto& [body, second] : cases) {
    EXPECT_THAT(TextOf(400, body, kCustom), HasSubstr(second));
    EXPECT_THAT(TextOf(400, body, kAws), Not(HasSubstr(second)));
  }
}

TEST(ErrorMessages, AnEndpointWithShorterNames) {
  const auto body = [](std::string_view longest) {
    return R"({"__type":"ValidationException","message":"TableName must be at least 3 characters long and at most )" +
           std::string(longest) + R"( characters long"})";
  };
  EXPECT_THAT(TextOf(400, body("222")), HasSubstr("takes 222 at the most"));
  EXPECT_THAT(TextOf(400, body("192")), HasSubstr("takes 192 at the most"));
  EXPECT_THAT(
      TextOf(400,
             R"({"__type":"ValidationException","message":"TableName must be at most 192 characters long"})"),
      HasSubstr("takes 192 at the most"));
  EXPECT_THAT(TextOf(400, R"({"__type":"ValidationException","message":"1 validation error detected: Value )"
                          R"('at most 5' at 'tableName' failed to satisfy constraint: Member must have )"
                          R"(length less than or equal to 222"})"),
              HasSubstr("takes 222 at the most"));
  for (const std::string_view longest : {"255", "256", "", "99999999999", "-7", "2x"}) {
    EXPECT_THAT(TextOf(400, body(longest)), HasSubstr("3 to 255")) << longest;
  }
}

TEST(ErrorMessages, TheProxyIsNamed) {
  EndpointText endpoint = kCustomTls;
  endpoint.proxy = "the proxy http://p:3128 (HTTPS_PROXY)";
  for (const TransportError error :
       {TransportError::kResolve, TransportError::kRefused, TransportError::kConnectTimeout,
        TransportError::kReset, TransportError::kTimeout, TransportError::kTlsUntrusted,
        TransportError::kTlsWrongName, TransportError::kTlsExpired, TransportError::kTlsOther,
        TransportError::kTlsTooOld, TransportError::kTlsClient, TransportError::kProxyLogin,
        TransportError::kProxyRefuses, TransportError::kProxyFails, TransportError::kProxyMalformed}) {
    EXPECT_THAT(TextOf(error, endpoint), HasSubstr("the proxy http://p:3128 (HTTPS_PROXY)"));
  }
  EXPECT_THAT(TextOf(TransportError::kRefused, endpoint), HasSubstr("The connection to the proxy"));
  EXPECT_THAT(TextOf(TransportError::kProxyLogin, endpoint), HasSubstr("user and the password"));
  EXPECT_THAT(TextOf(TransportError::kProxyRefuses, endpoint), HasSubstr("allow CONNECT"));
}

TEST(ErrorMessages, AClientsCertificate) {
  EndpointText endpoint = kCustomTls;
  EXPECT_THAT(TextOf(TransportError::kTlsClient, endpoint), HasSubstr("asks for a client's certificate"));
  endpoint.client_certificate = true;
  EXPECT_THAT(TextOf(TransportError::kTlsClient, endpoint), HasSubstr("does not accept the certificate"));
}

TEST(ErrorMessages, HowToNameAnAuthority) {
  EndpointText endpoint = kCustomTls;
  EXPECT_THAT(
      TextOf(TransportError::kTlsUntrusted, endpoint),
      AllOf(HasSubstr("SSL_CERT_FILE"), HasSubstr("AWS_CA_BUNDLE"), Not(HasSubstr("no certificate can"))));
  endpoint.unreadable_trust = "SSL_CERT_FILE";
  EXPECT_THAT(TextOf(TransportError::kTlsUntrusted, endpoint),
              HasSubstr("SSL_CERT_FILE is set, but no certificate can be read"));
}

}  // namespace
}  // namespace ddb
