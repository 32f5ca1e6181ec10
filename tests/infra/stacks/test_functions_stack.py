"""Deployed functions against the topology: settings, triggers and what each may do."""

import json

import pytest

from infra import topology
from stock_ai.models import topics
from tests.infra.stacks.conftest import listed


def actions(statements):
    return {action for statement in statements for action in listed(statement["Action"])}


def resources(statements, action):
    return [
        json.dumps(resource)
        for statement in statements
        if action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]


def named(deployed_name):
    return next(function for function in topology.FUNCTIONS if function.deployed_name == deployed_name)


@pytest.mark.parametrize(("variant", "arch"), [("aws", "arm64"), ("external", "x86_64")])
def test_functions_are_those_of_the_topology(synthesise, variant, arch):
    found = synthesise(variant).functions()
    assert set(found) == {function.deployed_name for function in topology.FUNCTIONS} | {"stock-ai-topic-setup"}
    for function in topology.FUNCTIONS:
        properties = found[function.deployed_name]
        assert properties["Handler"] == function.handler
        assert properties["MemorySize"] == function.memory_mb
        assert properties["Timeout"] == function.timeout_seconds
        assert properties.get("ReservedConcurrentExecutions") == function.reserved_concurrency
        assert properties["Architectures"] == [arch]
        assert len(properties["Layers"]) == len(function.layers)
        assert properties["TracingConfig"] == {"Mode": "Active"}
        assert properties["LoggingConfig"]["LogFormat"] == "JSON"
        variables = properties["Environment"]["Variables"]
        assert {"POWERTOOLS_SERVICE_NAME": function.name, **function.variables}.items() <= variables.items()


def test_every_setting_is_given_or_left_to_its_default(aws):
    left_out = {"PRICE_DATA", "PRICE_SYMBOLS", "PRICE_SINCE", "PRICE_UNTIL"}
    # On AWS the calendar is that of the layer: a deployment brings the closures.
    left_out |= {"RATE_LIMIT_PER_SECOND", "CLOSURES_FILE"}
    left_out |= {"API_REQUESTS_PER_MINUTE", "API_BODY_BYTES", "API_KEEP_SECONDS"}
    left_out |= {"LLM_FALLBACK", "LLM_CACHE_SECONDS", "LLM_REQUESTS_PER_MINUTE", "LLM_WAIT_SECONDS"}
    left_out |= {f"{provider}_{what}" for provider in ("ANTHROPIC", "OPENAI") for what in ("MODEL", "BASE_URL")}
    for function in topology.FUNCTIONS:
        variables = aws.functions()[function.deployed_name]["Environment"]["Variables"]
        for setting in set(function.settings) - left_out:
            assert setting in variables or f"{setting}_SECRET" in variables, (function.name, setting)
            assert not (setting in variables and f"{setting}_SECRET" in variables)


def test_the_collector_asks_the_source_the_operator_chose(aws, external):
    for deployment, source, symbols in ((aws, "simulated", None), (external, "vnstock", "HOSE,HNX")):
        variables = deployment.functions()["stock-ai-data-collector"]["Environment"]["Variables"]
        assert (variables["PRICE_SOURCE"], variables.get("PRICE_SYMBOLS")) == (source, symbols)
        assert "vnstock_api_key" in json.dumps(variables["VNSTOCK_API_KEY_SECRET"])


def test_browsers_of_the_given_origins_are_let_in(aws, external):
    given = [d.functions()["stock-ai-api"]["Environment"]["Variables"]["API_CORS_ORIGINS"] for d in (aws, external)]
    assert given == ["*", "https://app.example.org"]


def test_functions_are_in_private_subnets(aws):
    subnets = aws.resources("AWS::EC2::Subnet", "StockAi-Network")
    private = {name for name in subnets if "private" in name}
    assert len(private) == 2
    for properties in aws.functions().values():
        used = json.dumps(properties["VpcConfig"]["SubnetIds"])
        assert used.count("private") == 2
        assert "public" not in used
        assert len(properties["VpcConfig"]["SecurityGroupIds"]) == 1


def test_logs_are_kept_for_a_month(aws, localstack):
    for deployment in (aws, localstack):
        groups = deployment.resources("AWS::Logs::LogGroup", "StockAi-Functions")
        for function in topology.FUNCTIONS:
            (found,) = (g for g in groups.values() if g["LogGroupName"] == f"/aws/lambda/{function.deployed_name}")
            assert found["RetentionInDays"] == 30


def test_failed_invocations_end_in_the_queue(aws, localstack):
    for deployment in (aws, localstack):
        configs = deployment.resources("AWS::Lambda::EventInvokeConfig")
        assert len(configs) == len(topology.FUNCTIONS)
        for config in configs.values():
            assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (2, 3600)
            assert "FailedInvocations" in json.dumps(config["DestinationConfig"]["OnFailure"])
        assert "FailedInvocationsQueueUrl" in deployment.templates["StockAi-Functions"]["Outputs"]
        (queue,) = deployment.resources("AWS::SQS::Queue").values()
        assert queue["SqsManagedSseEnabled"] is True


def test_schedules_are_those_of_the_topology(aws):
    found = {properties["Name"]: properties for properties in aws.resources("AWS::Scheduler::Schedule").values()}
    expected = {
        f"{function.deployed_name}-{trigger.name}": (function, trigger)
        for function in topology.FUNCTIONS
        for trigger in function.schedules
    }
    assert set(found) == set(expected)
    for name, (function, trigger) in expected.items():
        schedule = found[name]
        assert schedule["ScheduleExpression"] == f"cron({trigger.minute} {trigger.hour} ? * {trigger.week_day} *)"
        assert schedule["ScheduleExpressionTimezone"] == "Asia/Ho_Chi_Minh"
        target = schedule["Target"]
        assert target["Arn"]["Fn::GetAtt"][0].startswith(_logical(function.name))
        assert "FailedInvocations" in json.dumps(target["DeadLetterConfig"])
        assert "<aws.scheduler.scheduled-time>" in json.dumps(target["Input"])
        detail = json.dumps(dict(trigger.detail), separators=(",", ":"))
        assert f'"detail":{detail}' in json.dumps(target["Input"]).replace("\\", "")


def _logical(name):
    return "".join(part.capitalize() for part in name.split("_"))


@pytest.mark.parametrize("variant", ["aws", "serverless", "external"])
def test_kafka_mappings_are_those_of_the_topology(synthesise, variant):
    mappings = {
        properties["Topics"][0]: properties
        for properties in synthesise(variant).resources("AWS::Lambda::EventSourceMapping").values()
    }
    expected = {trigger.topic: (f, trigger) for f in topology.FUNCTIONS for trigger in f.kafka}
    assert set(mappings) == set(expected)
    for topic, (function, trigger) in expected.items():
        found = mappings[topic]
        assert _logical(function.name) in json.dumps(found["FunctionName"])
        assert found["BatchSize"] == trigger.batch_size
        # Lambda's own window is half a second, and others are whole seconds.
        assert found.get("MaximumBatchingWindowInSeconds", 0.5) == trigger.window_seconds
        assert found["MaximumRetryAttempts"] == trigger.max_retries
        assert found["MaximumRecordAgeInSeconds"] == trigger.max_age_seconds
        assert found["BisectBatchOnFunctionError"] is trigger.bisect_on_error
        assert (found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]) is trigger.report_item_failures
        assert found["DestinationConfig"]["OnFailure"]["Destination"] == f"kafka://{trigger.dead_letter_topic}"
        assert found["ProvisionedPollerConfig"] == {
            "MinimumPollers": 1,
            "MaximumPollers": 2,
            "PollerGroupName": "stock-ai",
        }
        assert found["StartingPosition"] == "TRIM_HORIZON"
        assert sorted(found["MetricsConfig"]["Metrics"]) == ["ErrorCount", "EventCount", "KafkaMetrics"]
        own = "SelfManagedKafkaEventSourceConfig" if variant == "external" else "AmazonManagedKafkaEventSourceConfig"
        assert found[own]["ConsumerGroupId"] == f"stock-ai-{function.name}-{topic}"


def test_topics_are_made_before_the_mappings(aws):
    template = aws.templates["StockAi-Functions"]["Resources"]
    (trigger,) = (name for name, resource in template.items() if resource["Type"] == "Custom::Trigger")
    mappings = [resource for resource in template.values() if resource["Type"] == "AWS::Lambda::EventSourceMapping"]
    assert mappings
    assert all(trigger in listed(mapping.get("DependsOn", [])) for mapping in mappings)
    variables = aws.functions()["stock-ai-topic-setup"]["Environment"]["Variables"]
    assert variables["KAFKA_REPLICATION_FACTOR"] == "2"


@pytest.mark.parametrize("variant", ["aws", "localstack"])
def test_only_training_writes_models_and_both_write_the_panel_snapshot(synthesise, variant):
    both = {
        "stock-ai-model-training": ["/models/*", "/panels/daily.panel"],
        "stock-ai-ai-analysis": ["/panels/daily.panel"],
    }
    for name in synthesise(variant).functions():
        statements = synthesise(variant).statements(name)
        written, read = (resources(statements, f"s3:{action}Object") for action in ("Put", "Get"))
        expected = both.get(name, [])
        assert len(written) == len(expected), name
        assert all(one.endswith(f'{end}"]]}}') for one, end in zip(sorted(written), expected, strict=True)), name
        assert len(read) == (2 if name in both else 0), name


@pytest.mark.parametrize("variant", ["aws", "localstack"])
def test_only_the_api_invokes_and_only_llm_analysis(synthesise, variant):
    for name in synthesise(variant).functions():
        targets = resources(synthesise(variant).statements(name), "lambda:InvokeFunction")
        if name == "stock-ai-api":
            (target,) = targets
            assert target.endswith(':function:stock-ai-llm-analysis"]]}')
        else:
            assert targets == [], name


def _ends(found, kind, expected):
    return {arn for arn in found if f":{kind}/" in arn} == {
        arn for arn in found for name in expected if arn.endswith(f'/{name}"]]}}')
    } and len(found) == len(set(expected))


def test_functions_reach_their_own_topics_and_groups_only(aws):
    for function in topology.FUNCTIONS:
        statements = aws.statements(function.deployed_name)
        reads = [trigger.topic for trigger in function.kafka]
        assert _ends(resources(statements, "kafka-cluster:ReadData"), "topic", reads), function.name
        assert _ends(resources(statements, "kafka-cluster:WriteData"), "topic", function.publishes), function.name
        groups = [f"stock-ai-{function.name}-{topic}" for topic in reads]
        assert _ends(resources(statements, "kafka-cluster:AlterGroup"), "group", groups), function.name
        assert "kafka-cluster:CreateTopic" not in actions(statements), function.name
    setup = aws.statements("stock-ai-topic-setup")
    assert len(resources(setup, "kafka-cluster:CreateTopic")) == len(topology.TOPICS)
    consumer = aws.statements("stock-ai-kafka-consumer")
    assert topics.AI_ANALYSIS_RESULTS not in json.dumps(consumer)


def test_a_function_reads_the_secrets_of_its_settings_only(external):
    mine = {"MONGODB_URI": "my/mongodb", "REDIS_URL": "my/redis", "KAFKA_BOOTSTRAP_SERVERS": "my/kafka"}
    for function in topology.FUNCTIONS:
        found = json.dumps(resources(external.statements(function.deployed_name), "secretsmanager:GetSecretValue"))
        for setting, secret in mine.items():
            assert (secret in found) is (setting in function.settings), (function.name, setting)
        for secret, setting in (("Anthropic", "ANTHROPIC_API_KEY"), ("OpenAi", "OPENAI_API_KEY")):
            assert (secret in found) is (setting in function.settings), function.name


def test_writer_and_reader_of_texts_are_told_the_same_language_models(aws, external):
    for deployment, told in (
        (aws, {"LLM_PROVIDER": "template", "LLM_DAILY_BUDGET_USD": "1"}),
        (external, {"LLM_PROVIDER": "anthropic", "LLM_FALLBACK": "openai", "LLM_DAILY_BUDGET_USD": "2.50"}),
    ):
        for name in ("stock-ai-llm-analysis", "stock-ai-api"):
            variables = deployment.functions()[name]["Environment"]["Variables"]
            assert {key: value for key, value in variables.items() if key in {*told, "LLM_FALLBACK"}} == told
        assert deployment.functions()["stock-ai-api"]["Environment"]["Variables"]["API_STREAMING"] == "false"
