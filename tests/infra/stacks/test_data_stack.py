"""Stores: encryption, who reaches them, and what LocalStack has instead."""

import fnmatch
import inspect
import json

from stock_ai.models import keys


def only(found):
    (properties,) = found.values()
    return properties


def test_models_are_private_encrypted_versioned_and_kept(aws, localstack):
    for deployment in (aws, localstack):
        bucket = only(deployment.resources("AWS::S3::Bucket"))
        assert bucket["BucketEncryption"]
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        (rule,) = bucket["LifecycleConfiguration"]["Rules"]
        assert rule["Prefix"] == "panels/daily.panel"
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        policy = json.dumps(only(deployment.resources("AWS::S3::BucketPolicy", "StockAi-Data")))
        assert "aws:SecureTransport" in policy
        template = deployment.templates["StockAi-Data"]
        (found,) = (r for r in template["Resources"].values() if r["Type"] == "AWS::S3::Bucket")
        assert found["DeletionPolicy"] == "Retain"
        assert "ModelBucket" in template["Outputs"]


def test_kafka_takes_roles_over_tls_and_makes_no_topics_by_itself(aws):
    cluster = only(aws.resources("AWS::MSK::Cluster"))
    assert cluster["ClientAuthentication"] == {
        "Sasl": {"Iam": {"Enabled": True}},
        "Unauthenticated": {"Enabled": False},
    }
    assert cluster["EncryptionInfo"]["EncryptionInTransit"] == {"ClientBroker": "TLS", "InCluster": True}
    assert cluster["NumberOfBrokerNodes"] == 2
    properties = only(aws.resources("AWS::MSK::Configuration"))["ServerProperties"]
    assert "auto.create.topics.enable=false" in properties.splitlines()


def test_documents_are_encrypted_backed_up_and_protected(aws):
    cluster = only(aws.resources("AWS::DocDB::DBCluster"))
    assert cluster["StorageEncrypted"] is True
    assert cluster["DeletionProtection"] is True
    assert cluster["BackupRetentionPeriod"] == 7
    assert cluster["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 0.5, "MaxCapacity": 4}
    assert only(aws.resources("AWS::DocDB::DBInstance"))["DBInstanceClass"] == "db.serverless"
    assert only(aws.resources("AWS::DocDB::DBClusterParameterGroup"))["Parameters"]["tls"] == "enabled"
    uri = json.dumps(aws.functions()["stock-ai-api"]["Environment"]["Variables"]["MONGODB_URI"])
    assert "tls=true&tlsCAFile=/opt/certs/rds-ca.pem&replicaSet=rs0&retryWrites=false" in uri


def test_the_cache_asks_for_a_password_that_the_template_does_not_hold(aws):
    user = only(aws.resources("AWS::ElastiCache::User"))
    (password,) = user["Passwords"]
    assert "{{resolve:secretsmanager:" in json.dumps(password)
    assert "-@all" in user["AccessString"]
    cache = only(aws.resources("AWS::ElastiCache::ServerlessCache"))
    assert cache["UserGroupId"]
    assert cache["CacheUsageLimits"]["DataStorage"]["Maximum"] == 5


def test_the_functions_may_use_every_key_of_the_house(aws):
    user = only(aws.resources("AWS::ElastiCache::User"))
    allowed = [part.removeprefix("~") for part in user["AccessString"].split() if part.startswith("~")]
    makers = [made for made in vars(keys).values() if inspect.isfunction(made)]
    used = [made(*["x"] * len(inspect.signature(made).parameters)) for made in makers]
    used += [value for name, value in vars(keys).items() if name.startswith("MARKET_")]
    used += ["pace:vnstock", "llm:asked/1.2.3.4"]
    assert len(used) >= 12
    for key in used:
        # Braces are no pattern to Redis, nor to fnmatch.
        assert any(fnmatch.fnmatchcase(key, pattern) for pattern in allowed), key


def test_stores_are_open_to_the_functions_on_their_ports_only(aws):
    rules = aws.resources("AWS::EC2::SecurityGroupIngress", "StockAi-Data").values()
    assert {rule["FromPort"] for rule in rules} == {9098, 27017, 6379, 6380}
    assert all(rule["FromPort"] == rule["ToPort"] for rule in rules)
    assert all("SourceSecurityGroupId" in rule and "CidrIp" not in rule for rule in rules)
    for group in aws.resources("AWS::EC2::SecurityGroup", "StockAi-Data").values():
        assert "SecurityGroupIngress" not in group, group["GroupDescription"]


def test_flows_are_logged_and_one_nat_gateway_is_paid_for(aws):
    assert len(aws.resources("AWS::EC2::FlowLog")) == 1
    assert len(aws.resources("AWS::EC2::NatGateway")) == 1
    services = json.dumps([e["ServiceName"] for e in aws.resources("AWS::EC2::VPCEndpoint").values()])
    assert all(service in services for service in ("secretsmanager", ".lambda", ".sts", ".s3"))


def test_a_serverless_cluster(synthesise):
    serverless = synthesise("serverless")
    assert only(serverless.resources("AWS::MSK::ServerlessCluster"))["ClientAuthentication"]["Sasl"]["Iam"]["Enabled"]
    assert serverless.resources("AWS::MSK::Cluster") == {}
    assert (
        serverless.functions()["stock-ai-topic-setup"]["Environment"]["Variables"]["KAFKA_REPLICATION_FACTOR"] == "-1"
    )


def test_stores_of_ones_own_are_not_made(external):
    kinds = {r["Type"] for r in external.templates["StockAi-Data"]["Resources"].values()}
    assert not any(kind.startswith(("AWS::MSK", "AWS::DocDB", "AWS::ElastiCache")) for kind in kinds)
    variables = external.functions()["stock-ai-aggregation"]["Environment"]["Variables"]
    given = {name: value for name, value in variables.items() if name.startswith(("KAFKA", "MONGODB_URI", "REDIS"))}
    assert given == {
        "KAFKA_BOOTSTRAP_SERVERS": "one.example.org:9096,two.example.org:9096",
        "KAFKA_SECURITY": "scram",
        "KAFKA_USERNAME_SECRET": "my/kafka#username",
        "KAFKA_PASSWORD_SECRET": "my/kafka#password",
        "MONGODB_URI_SECRET": "my/mongodb",
        "REDIS_URL_SECRET": "my/redis",
    }


def test_localstack_has_what_it_can_run(localstack):
    kinds = {r["Type"] for template in localstack.templates.values() for r in template["Resources"].values()}
    absent = ("AWS::EC2", "AWS::MSK", "AWS::DocDB", "AWS::ElastiCache", "AWS::Scheduler")
    assert not any(kind.startswith(absent) for kind in kinds)
    assert "AWS::Lambda::EventSourceMapping" not in kinds
    assert "AWS::Lambda::LayerVersion" not in kinds
    assert set(localstack.templates) == {"StockAi-Data", "StockAi-Functions", "StockAi-Api", "StockAi-Observability"}
    secrets = {s.get("Name"): s for s in localstack.resources("AWS::SecretsManager::Secret").values()}
    assert secrets["stock-ai/mongodb-uri"]["SecretString"] == "mongodb://mongodb:27017"
    assert secrets["stock-ai/redis-url"]["SecretString"] == "redis://redis:6379"
    variables = localstack.functions()["stock-ai-kafka-consumer"]["Environment"]["Variables"]
    assert variables["KAFKA_BOOTSTRAP_SERVERS"] == "kafka:9092"
    assert "MONGODB_URI" not in variables
    assert "MONGODB_URI_SECRET" in variables
