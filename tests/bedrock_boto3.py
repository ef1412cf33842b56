"""Calls the Bedrock emulator with boto3, which reads AWS's own service model: what it accepts is Bedrock's shape.

BEDROCK_URL says where the emulator listens. Scenarios are asked for by model id (`emulator.throttle-v1` and its
like, see src/emulator/bedrock/scenario.rs), so the emulator needs no other preparation. The script prints one line
a check and exits with 1 if one fails.
"""

import json
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EventStreamError
from urllib3.exceptions import ProtocolError

CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"
PROFILE_ARN = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-3-haiku-20240307-v1:0"

# The code that botocore raises, by the model id that asks for it.
ERRORS = {
    "throttle": ("ThrottlingException", 429),
    "not-ready": ("ModelNotReadyException", 429),
    "validation": ("ValidationException", 400),
    "quota": ("ServiceQuotaExceededException", 400),
    "conflict": ("ConflictException", 409),
    "denied": ("AccessDeniedException", 403),
    "expired-token": ("ExpiredTokenException", 403),
    "unrecognized-client": ("UnrecognizedClientException", 403),
    "invalid-signature": ("InvalidSignatureException", 403),
    "not-found": ("ResourceNotFoundException", 404),
    "model-timeout": ("ModelTimeoutException", 408),
    "model-error": ("ModelErrorException", 424),
    "model-stream-error": ("ModelStreamErrorException", 424),
    "internal": ("InternalServerException", 500),
    "unavailable": ("ServiceUnavailableException", 503),
}


def client(attempts=1, access_key="AKIDTEST"):
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=os.environ["BEDROCK_URL"],
        region_name="eu-central-1",
        aws_access_key_id=access_key,
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": attempts, "mode": "standard"}, read_timeout=10),
    )


def user(*content):
    return [{"role": "user", "content": [{"text": c} if isinstance(c, str) else c for c in content]}]


def converse_answers_in_bedrocks_shape(bedrock):
    for model_id in (CLAUDE, PROFILE_ARN):
        answer = bedrock.converse(modelId=model_id, messages=user("Good morning"))
        assert answer["output"]["message"] == {"role": "assistant", "content": [{"text": "You said: “Good morning”"}]}
        assert answer["stopReason"] == "end_turn"
        usage = answer["usage"]
        assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]
        assert answer["metrics"]["latencyMs"] > 0
        assert answer["ResponseMetadata"]["RequestId"]


def converse_reads_documents(bedrock):
    document = {"document": {"name": "shop", "format": "txt", "source": {"bytes": b"We open the doors at nine."}}}
    answer = bedrock.converse(modelId=CLAUDE, messages=user("When do the doors open?", document))
    text = answer["output"]["message"]["content"][0]["text"]
    assert text.startswith("shop says: “We open the doors at nine.”"), text


def converse_uses_tools(bedrock):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    tools = {"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": schema}}}], "toolChoice": {"any": {}}}
    messages = user("Rain in Rome?")
    answer = bedrock.converse(modelId=CLAUDE, messages=messages, toolConfig=tools)
    assert answer["stopReason"] == "tool_use"
    messages.append(answer["output"]["message"])
    use = answer["output"]["message"]["content"][1]["toolUse"]
    assert use["input"] == {"city": "Rain in Rome?"}
    result = {"toolResult": {"toolUseId": use["toolUseId"], "content": [{"json": {"rain": True}}]}}
    messages += user(result)
    answer = bedrock.converse(modelId=CLAUDE, messages=messages, toolConfig=tools)
    assert "rain" in answer["output"]["message"]["content"][0]["text"]


def converse_stream_sends_every_kind_of_event(bedrock):
    events = list(bedrock.converse_stream(modelId=CLAUDE, messages=user("one two three four five"))["stream"])
    kinds = [next(iter(event)) for event in events]
    assert kinds[0] == "messageStart" and kinds[-2:] == ["messageStop", "metadata"], kinds
    deltas = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert len(deltas) > 1 and "".join(deltas) == "You said: “one two three four five”"
    assert events[-1]["metadata"]["usage"]["outputTokens"] > 0


def invoke_model_answers_as_its_family(bedrock):
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 50, "messages": [{"role": "user", "content": "Hi"}]}
    answer = bedrock.invoke_model(modelId=CLAUDE, body=json.dumps(body))
    assert answer["contentType"] == "application/json"
    assert json.load(answer["body"])["content"][0]["text"] == "You said: “Hi”"
    answer = bedrock.invoke_model(modelId="amazon.titan-embed-text-v2:0", body=json.dumps({"inputText": "Hi"}))
    assert len(json.load(answer["body"])["embedding"]) == 1024


def invoke_model_streams_chunks(bedrock):
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 50, "messages": [{"role": "user", "content": "Hi"}]}
    stream = bedrock.invoke_model_with_response_stream(modelId=CLAUDE, body=json.dumps(body))["body"]
    chunks = [json.loads(event["chunk"]["bytes"]) for event in stream]
    assert chunks[0]["type"] == "message_start" and chunks[-1]["type"] == "message_stop"
    text = "".join(chunk["delta"].get("text", "") for chunk in chunks if chunk["type"] == "content_block_delta")
    assert text == "You said: “Hi”"
    assert chunks[-1]["amazon-bedrock-invocationMetrics"]["inputTokenCount"] > 0


def guardrails_and_token_counts_are_read(bedrock):
    content = [{"text": {"text": "something forbidden"}}]
    applied = bedrock.apply_guardrail(guardrailIdentifier="g1", guardrailVersion="DRAFT", source="INPUT", content=content)
    assert applied["action"] == "GUARDRAIL_INTERVENED"
    assert applied["assessments"][0]["wordPolicy"]["customWords"][0]["match"] == "forbidden"
    count = bedrock.count_tokens(modelId=CLAUDE, input={"converse": {"messages": user("Hello")}})
    assert count["inputTokens"] > 0


def errors_are_raised_by_their_codes(bedrock):
    for name, (code, status) in ERRORS.items():
        try:
            bedrock.converse(modelId=f"emulator.{name}-v1", messages=user("Hi"))
        except ClientError as error:
            assert error.response["Error"]["Code"] == code, error.response
            assert error.response["Error"]["Message"]
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status
            modelled = getattr(bedrock.exceptions, code, ClientError)
            assert isinstance(error, modelled), f"{code} is not raised as its own class"
        else:
            raise AssertionError(f"emulator.{name}-v1 answered")


def the_documented_rules_are_kept(bedrock):
    document = {"document": {"name": "no.dots", "format": "txt", "source": {"bytes": b"x"}}}
    twice = user("a") + user("b")
    for messages in (user(" "), user("Hi", document), twice, [{"role": "assistant", "content": [{"text": "Hi"}]}]):
        try:
            bedrock.converse(modelId=CLAUDE, messages=messages)
        except bedrock.exceptions.ValidationException:
            continue
        raise AssertionError(f"accepted {messages}")


def throttling_is_retried(_):
    retrying = client(attempts=2)
    try:
        retrying.converse(modelId="emulator.throttle-v1", messages=user("Hi"))
    except retrying.exceptions.ThrottlingException as error:
        assert error.response["ResponseMetadata"]["RetryAttempts"] == 1
    else:
        raise AssertionError("the throttled model answered")


def exceptions_inside_streams_are_raised(bedrock):
    for name, code in (("stream-throttle", "throttlingException"), ("stream-error", "modelStreamErrorException")):
        seen = 0
        try:
            for _ in bedrock.converse_stream(modelId=f"emulator.{name}-v1", messages=user("Hi"))["stream"]:
                seen += 1
        except EventStreamError as error:
            assert error.response["Error"]["Code"] == code, error.response
            assert seen == 2, seen
        else:
            raise AssertionError(f"emulator.{name}-v1 ended in order")


def broken_connections_are_noticed(bedrock):
    try:
        bedrock.converse(modelId="emulator.reset-v1", messages=user("Hi"))
    except ConnectionClosedError:
        pass
    else:
        raise AssertionError("the reset went unnoticed")
    try:
        list(bedrock.converse_stream(modelId="emulator.cut-v1", messages=user("Hi"))["stream"])
    except ProtocolError:
        pass
    else:
        raise AssertionError("the cut went unnoticed")


CHECKS = [
    converse_answers_in_bedrocks_shape,
    converse_reads_documents,
    converse_uses_tools,
    converse_stream_sends_every_kind_of_event,
    invoke_model_answers_as_its_family,
    invoke_model_streams_chunks,
    guardrails_and_token_counts_are_read,
    errors_are_raised_by_their_codes,
    the_documented_rules_are_kept,
    throttling_is_retried,
    exceptions_inside_streams_are_raised,
    broken_connections_are_noticed,
]


def main():
    bedrock = client()
    failed = 0
    for check in CHECKS:
        try:
            check(bedrock)
        except Exception as error:  # Each check reports for itself; the rest go on.
            failed += 1
            print(f"FAILED  {check.__name__}: {type(error).__name__}: {error}")
        else:
            print(f"ok      {check.__name__}")
    print(f"boto3 {boto3.__version__}: {len(CHECKS) - failed} of {len(CHECKS)} passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
