"""What tables are created with that the configuration describes, and what of it outlives an overwrite."""

import json

import pytest

from ddb_testkit import messages
from ddb_testkit.scripted import ACCESS_KEY, SECRET_KEY

EVERYTHING = {"table_class": "standard_infrequent_access", "kms_key": "arn:aws:kms:us-east-1:1:key/k",
              "stream": "new_and_old_images", "ttl_attribute": "expires_at", "tags": "team=data, environment=a=b",
              "deletion_protection": "on", "point_in_time_recovery": "on"}
ON_DEMAND = {"mode": "on_demand", "maximum_writes": 40_000, "maximum_reads": 500, "warm_writes": 8_000, "warm_reads": 20_000}


def config_of(server, **more):
    return messages.config(server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY, **more)


def lines_of(*names):
    return [line for name in names for line in (messages.record(name, {"id": 1}), messages.stream_state(name, {"at": 1}))]


def wait_log(process, text):
    while text not in process.wait_for("LOG")["log"]["message"]:
        pass


def test_a_new_table_has_all_that_is_configured(connector, start_server):
    server = start_server()
    config = config_of(server, capacity=ON_DEMAND, new_tables=EVERYTHING, dead_letter_table="letters")
    outcome = connector.write(config, messages.catalog("s"), lines_of("s")).ok()
    assert not [text for level, text in outcome.logs if level == "WARN"]
    for name in ("t_s", "letters"):
        table = server.tables()[name]
        about = table["description"]
        assert about["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        assert about["OnDemandThroughput"] == {"MaxReadRequestUnits": 500, "MaxWriteRequestUnits": 40_000}
        assert about["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
        assert about["SSEDescription"]["KMSMasterKeyArn"] == EVERYTHING["kms_key"]
        assert about["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        assert about["DeletionProtectionEnabled"] is True
        assert about["WarmThroughput"] == {"ReadUnitsPerSecond": 20_000, "WriteUnitsPerSecond": 8_000}
        assert table["tags"] == {"team": "data", "environment": "a=b"}
        assert json.loads(table["ttl"]) == {"AttributeName": "expires_at", "Enabled": True}
        assert table["recovery_days"] == 35


def test_nothing_is_asked_for_that_is_not_configured(connector, start_server):
    server = start_server()
    connector.write(config_of(server), messages.catalog("s"), lines_of("s")).ok()
    table = server.tables()["t_s"]
    assert not {"TableClassSummary", "SSEDescription", "StreamSpecification", "WarmThroughput"} & set(table["description"])
    assert not table["description"]["DeletionProtectionEnabled"]
    assert (table["tags"], table["ttl"], table["recovery_days"]) == ({}, "", 0)
    assert not server.log("UpdateContinuousBackups") and not server.log("UpdateTimeToLive")


def test_an_overwrite_keeps_all_of_it(connector, start_server):
    """But deletion protection, which such a table does not get, as it could not be overwritten."""
    server = start_server()
    config = config_of(server, capacity=ON_DEMAND, new_tables=EVERYTHING)
    catalog = messages.catalog(messages.stream("s", "overwrite"))
    connector.write(config, catalog, lines_of("s")).ok()
    first = server.tables()["t_s"]
    connector.write(config, catalog, lines_of("s")).ok()
    second = server.tables()["t_s"]
    assert second["generation"] == first["generation"] + 1
    for key in ("OnDemandThroughput", "TableClassSummary", "SSEDescription", "StreamSpecification"):
        assert second["description"][key] == first["description"][key], key
    assert not second["description"]["DeletionProtectionEnabled"]
    for key in ("tags", "ttl", "recovery_days"):
        assert second[key] == first[key] and first[key], key


@pytest.mark.parametrize("new_tables,denied,hint", [
    ({"kms_key": "alias/airbyte"}, "AccessDeniedException", "kms:DescribeKey"),
    ({"tags": "a=b"}, "AccessDeniedException", "dynamodb:TagResource"),
    ({"table_class": "standard_infrequent_access"}, "ValidationException", "new_tables"),
], ids=["key", "tags", "class"])
def test_what_is_refused_is_an_error_and_nothing_less_is_made(connector, start_server, new_tables, denied, hint):
    server = start_server({"rules": [{"name": "no", "match": {"operation": "CreateTable"}, "action": {"error": denied}}]})
    outcome = connector.write(config_of(server, new_tables=new_tables), messages.catalog("s"), lines_of("s"))
    assert outcome.code == 1 and outcome.error["failure_type"] == "config_error"
    assert hint in outcome.error["message"]
    assert server.tables() == {}


def test_backups_that_cannot_be_had_are_a_warning(connector, start_server):
    rules = [{"name": "no", "match": {"operation": "UpdateContinuousBackups"}, "action": {"error": "AccessDeniedException"}}]
    server = start_server({"rules": rules})
    config = config_of(server, new_tables={"point_in_time_recovery": "on"})
    outcome = connector.write(config, messages.catalog("s"), lines_of("s")).ok()
    warned = [text for level, text in outcome.logs if level == "WARN" and "point-in-time recovery" in text]
    assert len(warned) == 1 and "t_s" in warned[0] and "UpdateContinuousBackups" in warned[0]


def test_backups_that_are_not_ready_yet_are_tried_again(connector, start_server):
    rules = [{"name": "later", "match": {"operation": "UpdateContinuousBackups", "times": 2},
              "action": {"error": {"name": "ContinuousBackupsUnavailableException", "status": 400}}}]
    server = start_server({"rules": rules})
    config = config_of(server, new_tables={"point_in_time_recovery": "on"})
    connector.write(config, messages.catalog("s"), lines_of("s")).ok()
    assert server.tables()["t_s"]["recovery_days"] == 35


@pytest.mark.parametrize("denied", [(), ("DescribeContinuousBackups",), ("UpdateContinuousBackups",)], ids=["allowed", "not-seen", "not-set"])
def test_a_recovery_that_was_switched_on_by_hand_is_not_lost(connector, start_server, denied):
    """It goes back over a week, as its owner has chosen. Nobody may see it: that is said; nobody may set it: the table stands."""
    server = start_server({"credentials": [{"access_key": ACCESS_KEY, "secret": SECRET_KEY, "denied": list(denied)},
                                           {"access_key": "AKIAOWNER", "secret": SECRET_KEY}]})
    connector.write(config_of(server), messages.catalog("s"), lines_of("s")).ok()
    server.boto3("AKIAOWNER").update_continuous_backups(
        TableName="t_s", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7})
    outcome = connector.write(config_of(server), messages.catalog(messages.stream("s", "overwrite")), lines_of("s"))
    table = server.tables()["t_s"]
    warned = [text for level, text in outcome.logs if level == "WARN" and "point-in-time recovery" in text]
    if not denied:
        assert outcome.ok() and (table["generation"], table["recovery_days"]) == (2, 7) and not warned
    elif denied == ("DescribeContinuousBackups",):
        assert outcome.ok() and table["generation"] == 2 and len(warned) == 1 and denied[0] in warned[0]
    else:
        assert outcome.code == 1 and outcome.error["failure_type"] == "config_error" and denied[0] in outcome.error["message"]
        assert (table["generation"], table["recovery_days"]) == (1, 7)


@pytest.mark.pace
def test_a_write_limit_is_held(connector, start_server):
    """Of a table that takes all: what is sent in a second, once the first moment is over."""
    server = start_server()
    config = config_of(server, write_limit="100", stream_write_limits="free=10000000")
    lines = [messages.record(name, {"id": n}) for n in range(600) for name in ("capped", "free")]
    outcome = connector.write(config, messages.catalog("capped", "free"), lines).ok()
    assert any("t_capped of stream capped is sent at most 100 write units a second" in text for _, text in outcome.logs)
    log = server.log("BatchWriteItem")
    capped = [line for line in log if "t_capped" in line["tables"]]
    assert max(line["t"] for line in log if "t_free" in line["tables"]) < capped[0]["t"] + 4
    took = capped[-1]["t"] - capped[0]["t"]
    assert took >= 600 / 100 * 0.9, "more was sent than is allowed"
    assert took <= 600 / 100 * 1.5, "less was sent than is allowed"


def test_a_write_limit_holds_for_what_is_sent_again(connector, start_server):
    """What is sent again may be stored twice, and costs twice then: it does not go beside the limit."""
    rules = [{"name": "no", "match": {"operation": "BatchWriteItem", "times": 12}, "action": {"error": "InternalServerError"}}]
    server = start_server({"rules": rules})
    config = config_of(server, write_limit="100")
    connector.write(config, messages.catalog("s"), [messages.record("s", {"id": n}) for n in range(400)]).ok()
    log = server.log("BatchWriteItem")
    sent = [line["tables"]["t_s"] for line in log]
    assert sum(sent) > 400 + 100
    assert log[-1]["t"] - log[0]["t"] >= (sum(sent) - sent[-1]) / 100 * 0.9


@pytest.mark.pace
def test_a_percentage_follows_the_capacity(connector, start_server):
    """Ten percent of 100 units; then somebody raises the table, which is not what holds the records back."""
    server = start_server()
    config = config_of(server, write_limit="10%", capacity={"mode": "provisioned", "write_units": 100})
    with connector.start_write(config, messages.catalog("s")) as process:
        process.send(*[messages.record("s", {"id": n}) for n in range(1500)])
        wait_log(process, "t_s of stream s is sent at most 10 write units a second")
        server.boto3().update_table(TableName="t_s", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 10_000})
        wait_log(process, "t_s of stream s is sent at most 1000 write units a second")
        process.close_stdin()
        process.outcome().ok()


def test_a_write_limit_of_all_holds_for_dead_letters(connector, start_server):
    server = start_server()
    config = config_of(server, write_limit="70", stream_write_limits="s=80", dead_letter_table="letters")
    outcome = connector.write(config, messages.catalog("s"), lines_of("s")).ok()
    assert any("t_s of stream s is sent at most 80 write units" in text for _, text in outcome.logs)
    assert any("Table letters is sent at most 70 write units" in text for _, text in outcome.logs)


@pytest.mark.parametrize("capacity,warns", [({"mode": "provisioned", "write_units": 1000}, False), ({"mode": "on_demand"}, True)])
def test_a_write_limit_in_percent(connector, start_server, capacity, warns):
    server = start_server()
    config = config_of(server, write_limit="25%", capacity=capacity)
    outcome = connector.write(config, messages.catalog("s"), lines_of("s")).ok()
    warned = any(level == "WARN" and "25 % of it is no limit" in text for level, text in outcome.logs)
    assert warned == warns
    assert any("t_s of stream s is sent at most 250 write units" in text for _, text in outcome.logs) != warns


def test_a_limit_of_a_stream_that_is_not_there(connector, start_server):
    outcome = connector.write(config_of(start_server(), stream_write_limits="nobody=5"), messages.catalog("s"), lines_of("s")).ok()
    assert any(level == "WARN" and "not in the catalog: nobody" in text for level, text in outcome.logs)
