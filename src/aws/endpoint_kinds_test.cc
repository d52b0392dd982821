// Which of AWS's own endpoints, held to what botocore 1.44.8 resolves (its endpoint-rule-set-1 of DynamoDB,
// with the account's mode "preferred").
#include <gtest/gtest.h>

#include <string>

#include "aws/endpoint.h"

namespace ddb {
namespace {

struct KindCase {
  const char* region;
  bool dualstack;
  bool fips;
  const char* account_id;
  const char* host;
};

// https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json
TEST(EndpointKinds, PartitionsAsArnsHaveThem) {
  const std::pair<const char*, const char*> names[] = {{"us-east-1", "aws"},
                                                       {"mx-central-1", "aws"},
                                                       {"cn-northwest-1", "aws-cn"},
                                                       {"us-gov-west-1", "aws-us-gov"},
                                                       {"eusc-de-east-1", "aws-eusc"},
                                                       {"us-iso-east-1", "aws-iso"},
                                                       {"us-isob-east-1", "aws-iso-b"},
                                                       {"eu-isoe-west-1", "aws-iso-e"},
                                                       {"us-isof-south-1", "aws-iso-f"},
                                                       {"local", ""},
                                                       {"", ""},
                                                       {"xx-north-1", ""}};
  for (const auto& [region, name] : names) EXPECT_EQ(PartitionName(region), name) << region;
}

TEST(EndpointKinds, AsBotocoreResolvesThem) {
  const KindCase cases[] = {
      {"us-east-1", false, false, "", "dynamodb.us-east-1.amazonaws.com"},
      {"us-east-1", false, false, "123456789012", "123456789012.ddb.us-east-1.amazonaws.com"},
      {"us-east-1", true, false, "", "dynamodb.us-east-1.api.aws"},
      {"us-east-1", true, false, "123456789012", "123456789012.ddb.us-east-1.api.aws"},
      {"us-east-1", false, true, "", "dynamodb-fips.us-east-1.amazonaws.com"},
      {"us-east-1", false, true, "123456789012", "dynamodb-fips.us-east-1.amazonaws.com"},
      {"us-east-1", true, true, "", "dynamodb-fips.us-east-1.api.aws"},
      {"us-east-1", true, true, "123456789012", "dynamodb-fips.us-east-1.api.aws"},
      {"eu-central-2", false, false, "", "dynamodb.eu-central-2.amazonaws.com"},
      {"eu-central-2", false, false, "123456789012", "123456789012.ddb.eu-central-2.amazonaws.com"},
      {"eu-central-2", true, false, "", "dynamodb.eu-central-2.api.aws"},
      {"eu-central-2", true, false, "123456789012", "123456789012.ddb.eu-central-2.api.aws"},
      {"eu-central-2", false, true, "", "dynamodb-fips.eu-central-2.amazonaws.com"},
      {"eu-central-2", false, true, "123456789012", "dynamodb-fips.eu-central-2.amazonaws.com"},
      {"eu-central-2", true, true, "", "dynamodb-fips.eu-central-2.api.aws"},
      {"eu-central-2", true, true, "123456789012", "dynamodb-fips.eu-central-2.api.aws"},
      {"ca-west-1", false, false, "", "dynamodb.ca-west-1.amazonaws.com"},
      {"ca-west-1", false, false, "123456789012", "123456789012.ddb.ca-west-1.amazonaws.com"},
      {"ca-west-1", true, false, "", "dynamodb.ca-west-1.api.aws"},
      {"ca-west-1", true, false, "123456789012", "123456789012.ddb.ca-west-1.api.aws"},
      {"ca-west-1", false, true, "", "dynamodb-fips.ca-west-1.amazonaws.com"},
      {"ca-west-1", false, true, "123456789012", "dynamodb-fips.ca-west-1.amazonaws.com"},
      {"ca-west-1", true, true, "", "dynamodb-fips.ca-west-1.api.aws"},
      {"ca-west-1", true, true, "123456789012", "dynamodb-fips.ca-west-1.api.aws"},
      {"mx-central-1", false, false, "", "dynamodb.mx-central-1.amazonaws.com"},
      {"mx-central-1", false, false, "123456789012", "123456789012.ddb.mx-central-1.amazonaws.com"},
      {"mx-central-1", true, false, "", "dynamodb.mx-central-1.api.aws"},
      {"mx-central-1", true, false, "123456789012", "123456789012.ddb.mx-central-1.api.aws"},
      {"mx-central-1", false, true, "", "dynamodb-fips.mx-central-1.amazonaws.com"},
      {"mx-central-1", false, true, "123456789012", "dynamodb-fips.mx-central-1.amazonaws.com"},
      {"mx-central-1", true, true, "", "dynamodb-fips.mx-central-1.api.aws"},
      {"mx-central-1", true, true, "123456789012", "dynamodb-fips.mx-central-1.api.aws"},
      {"cn-north-1", false, false, "", "dynamodb.cn-north-1.amazonaws.com.cn"},
      {"cn-north-1", false, false, "123456789012", "123456789012.ddb.cn-north-1.amazonaws.com.cn"},
      {"cn-north-1", true, false, "", "dynamodb.cn-north-1.api.amazonwebservices.com.cn"},
      {"cn-north-1", true, false, "123456789012", "123456789012.ddb.cn-north-1.api.amazonwebservices.com.cn"},
      {"cn-north-1", false, true, "", "dynamodb-fips.cn-north-1.amazonaws.com.cn"},
      {"cn-north-1", false, true, "123456789012", "dynamodb-fips.cn-north-1.amazonaws.com.cn"},
      {"cn-north-1", true, true, "", "dynamodb-fips.cn-north-1.api.amazonwebservices.com.cn"},
      {"cn-north-1", true, true, "123456789012", "dynamodb-fips.cn-north-1.api.amazonwebservices.com.cn"},
      {"cn-northwest-1", false, false, "", "dynamodb.cn-northwest-1.amazonaws.com.cn"},
      {"cn-northwest-1", false, false, "123456789012", "123456789012.ddb.cn-northwest-1.amazonaws.com.cn"},
      {"cn-northwest-1", true, false, "", "dynamodb.cn-northwest-1.api.amazonwebservices.com.cn"},
      {"cn-northwest-1", true, false, "123456789012",
       "123456789012.ddb.cn-northwest-1.api.amazonwebservices.com.cn"},
      {"cn-northwest-1", false, true, "", "dynamodb-fips.cn-northwest-1.amazonaws.com.cn"},
      {"cn-northwest-1", false, true, "123456789012", "dynamodb-fips.cn-northwest-1.amazonaws.com.cn"},
      {"cn-northwest-1", true, true, "", "dynamodb-fips.cn-northwest-1.api.amazonwebservices.com.cn"},
      {"cn-northwest-1", true, true, "123456789012",
       "dynamodb-fips.cn-northwest-1.api.amazonwebservices.com.cn"},
      {"us-gov-west-1", false, false, "", "dynamodb.us-gov-west-1.amazonaws.com"},
      {"us-gov-west-1", false, false, "123456789012", "123456789012.ddb.us-gov-west-1.amazonaws.com"},
      {"us-gov-west-1", true, false, "", "dynamodb.us-gov-west-1.api.aws"},
      {"us-gov-west-1", true, false, "123456789012", "123456789012.ddb.us-gov-west-1.api.aws"},
      {"us-gov-west-1", false, true, "", "dynamodb.us-gov-west-1.amazonaws.com"},
      {"us-gov-west-1", false, true, "123456789012", "dynamodb.us-gov-west-1.amazonaws.com"},
      {"us-gov-west-1", true, true, "", "dynamodb-fips.us-gov-west-1.api.aws"},
      {"us-gov-west-1", true, true, "123456789012", "dynamodb-fips.us-gov-west-1.api.aws"},
      {"us-gov-east-1", false, false, "", "dynamodb.us-gov-east-1.amazonaws.com"},
      {"us-gov-east-1", false, false, "123456789012", "123456789012.ddb.us-gov-east-1.amazonaws.com"},
      {"us-gov-east-1", true, false, "", "dynamodb.us-gov-east-1.api.aws"},
      {"us-gov-east-1", true, false, "123456789012", "123456789012.ddb.us-gov-east-1.api.aws"},
      {"us-gov-east-1", false, true, "", "dynamodb.us-gov-east-1.amazonaws.com"},
      {"us-gov-east-1", false, true, "123456789012", "dynamodb.us-gov-east-1.amazonaws.com"},
      {"us-gov-east-1", true, true, "", "dynamodb-fips.us-gov-east-1.api.aws"},
      {"us-gov-east-1", true, true, "123456789012", "dynamodb-fips.us-gov-east-1.api.aws"},
      {"eusc-de-east-1", false, false, "", "dynamodb.eusc-de-east-1.amazonaws.eu"},
      {"eusc-de-east-1", false, false, "123456789012", "dynamodb.eusc-de-east-1.amazonaws.eu"},
      {"eusc-de-east-1", true, false, "", "dynamodb.eusc-de-east-1.api.amazonwebservices.eu"},
      {"eusc-de-east-1", true, false, "123456789012", "dynamodb.eusc-de-east-1.api.amazonwebservices.eu"},
      {"eusc-de-east-1", false, true, "", "dynamodb-fips.eusc-de-east-1.amazonaws.eu"},
      {"eusc-de-east-1", false, true, "123456789012", "dynamodb-fips.eusc-de-east-1.amazonaws.eu"},
      {"eusc-de-east-1", true, true, "", "dynamodb-fips.eusc-de-east-1.api.amazonwebservices.eu"},
      {"eusc-de-east-1", true, true, "123456789012", "dynamodb-fips.eusc-de-east-1.api.amazonwebservices.eu"},
      {"us-iso-east-1", false, false, "", "dynamodb.us-iso-east-1.c2s.ic.gov"},
      {"us-iso-east-1", false, false, "123456789012", "dynamodb.us-iso-east-1.c2s.ic.gov"},
      {"us-iso-east-1", true, false, "", "dynamodb.us-iso-east-1.api.aws.ic.gov"},
      {"us-iso-east-1", true, false, "123456789012", "dynamodb.us-iso-east-1.api.aws.ic.gov"},
      {"us-iso-east-1", false, true, "", "dynamodb-fips.us-iso-east-1.c2s.ic.gov"},
      {"us-iso-east-1", false, true, "123456789012", "dynamodb-fips.us-iso-east-1.c2s.ic.gov"},
      {"us-iso-east-1", true, true, "", "dynamodb-fips.us-iso-east-1.api.aws.ic.gov"},
      {"us-iso-east-1", true, true, "123456789012", "dynamodb-fips.us-iso-east-1.api.aws.ic.gov"},
      {"us-isob-west-1", false, false, "", "dynamodb.us-isob-west-1.sc2s.sgov.gov"},
      {"us-isob-west-1", false, false, "123456789012", "dynamodb.us-isob-west-1.sc2s.sgov.gov"},
      {"us-isob-west-1", true, false, "", "dynamodb.us-isob-west-1.api.aws.scloud"},
      {"us-isob-west-1", true, false, "123456789012", "dynamodb.us-isob-west-1.api.aws.scloud"},
      {"us-isob-west-1", false, true, "", "dynamodb-fips.us-isob-west-1.sc2s.sgov.gov"},
      {"us-isob-west-1", false, true, "123456789012", "dynamodb-fips.us-isob-west-1.sc2s.sgov.gov"},
      {"us-isob-west-1", true, true, "", "dynamodb-fips.us-isob-west-1.api.aws.scloud"},
      {"us-isob-west-1", true, true, "123456789012", "dynamodb-fips.us-isob-west-1.api.aws.scloud"},
      {"eu-isoe-west-1", false, false, "", "dynamodb.eu-isoe-west-1.cloud.adc-e.uk"},
      {"eu-isoe-west-1", false, false, "123456789012", "dynamodb.eu-isoe-west-1.cloud.adc-e.uk"},
      {"eu-isoe-west-1", true, false, "", "dynamodb.eu-isoe-west-1.api.cloud-aws.adc-e.uk"},
      {"eu-isoe-west-1", true, false, "123456789012", "dynamodb.eu-isoe-west-1.api.cloud-aws.adc-e.uk"},
      {"eu-isoe-west-1", false, true, "", "dynamodb-fips.eu-isoe-west-1.cloud.adc-e.uk"},
      {"eu-isoe-west-1", false, true, "123456789012", "dynamodb-fips.eu-isoe-west-1.cloud.adc-e.uk"},
      {"eu-isoe-west-1", true, true, "", "dynamodb-fips.eu-isoe-west-1.api.cloud-aws.adc-e.uk"},
      {"eu-isoe-west-1", true, true, "123456789012", "dynamodb-fips.eu-isoe-west-1.api.cloud-aws.adc-e.uk"},
      {"us-isof-south-1", false, false, "", "dynamodb.us-isof-south-1.csp.hci.ic.gov"},
      {"us-isof-south-1", false, false, "123456789012", "dynamodb.us-isof-south-1.csp.hci.ic.gov"},
      {"us-isof-south-1", true, false, "", "dynamodb.us-isof-south-1.api.aws.hci.ic.gov"},
      {"us-isof-south-1", true, false, "123456789012", "dynamodb.us-isof-south-1.api.aws.hci.ic.gov"},
      {"us-isof-south-1", false, true, "", "dynamodb-fips.us-isof-south-1.csp.hci.ic.gov"},
      {"us-isof-south-1", false, true, "123456789012", "dynamodb-fips.us-isof-south-1.csp.hci.ic.gov"},
      {"us-isof-south-1", true, true, "", "dynamodb-fips.us-isof-south-1.api.aws.hci.ic.gov"},
      {"us-isof-south-1", true, true, "123456789012", "dynamodb-fips.us-isof-south-1.api.aws.hci.ic.gov"},
  };
  for (const KindCase& c : cases) {
    const auto endpoint = ResolveEndpoint("", c.region, {c.dualstack, c.fips, c.account_id});
    ASSERT_TRUE(endpoint.ok()) << c.region;
    EXPECT_EQ(endpoint.value().Url(), std::string("https://") + c.host + "/");
    EXPECT_EQ(endpoint.value().region, c.region);
    EXPECT_TRUE(endpoint.value().IsAws()) << c.host;
  }
}

TEST(EndpointKinds, AreOfAwsAlone) {
  for (const EndpointKind& kind : {EndpointKind{true, false, ""}, EndpointKind{false, true, ""}}) {
    EXPECT_FALSE(ResolveEndpoint("http://localhost:8000", "us-east-1", kind).ok());
    EXPECT_FALSE(ResolveEndpoint("", "local", kind).ok());
  }
  // The account falls away, as in AWS's clients.
  EXPECT_EQ(
      ResolveEndpoint("http://localhost:8000", "us-east-1", {false, false, "123456789012"}).value().host,
      "localhost");
}

TEST(EndpointKinds, OfOtherServices) {
  EXPECT_EQ(RegionalEndpoint("sts", "cn-north-1").value().host, "sts.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(RegionalEndpoint("portal.sso", "eu-west-1").value().host, "portal.sso.eu-west-1.amazonaws.com");
  EXPECT_FALSE(RegionalEndpoint("sts", "local").ok());
}

}  // namespace
}  // namespace ddb
