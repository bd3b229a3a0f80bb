"""Which of Slack's error codes mean the same, as far as it matters to us. Pure.

https://docs.slack.dev/reference/methods/chat.postMessage, …/chat.update, …/auth.test, …/conversations.info
"""

# The credential is not accepted (any more).
TOKEN = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "invalid_token",
        "no_active_hooks",
        "no_service",
        "no_team",
        "not_allowed_token_type",
        "not_authed",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
# Slack itself failed; what was asked for may have happened.
OUTAGE = frozenset(
    {
        "fatal_error",
        "internal_error",
        "request_timeout",
        "rollup_error",
        "service_unavailable",
        "team_not_found",
    }
)
# Too much was asked for.
LIMITED = frozenset(
    {
        "message_limit_exceeded",
        "rate_limited",
        "ratelimited",
    }
)
# The message is too large.
LONG = frozenset(
    {
        "markdown_text_too_long",
        "msg_blocks_too_long",
        "msg_too_long",
        "too_many_attachments",
    }
)
# The message's blocks are not as Slack wants them.
LAYOUT = frozenset(
    {
        "attachment_payload_limit_exceeded",
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_payload",
        "message_blocks_invalid",
        "no_text",
        "user_specified_blocks_invalid",
    }
)
# The message is not there, or can't be changed or answered any more.
GONE = frozenset(
    {
        "cannot_reply_to_message",
        "cant_update_message",
        "edit_window_closed",
        "message_not_found",
        "thread_not_found",
    }
)
# Somebody decided that this must not be.
RULES = frozenset(
    {
        "access_denied",
        "action_prohibited",
        "as_user_not_supported",
        "cannot_post_in_channel",
        "ekm_access_denied",
        "no_permission",
        "not_authorized",
        "org_login_required",
        "posting_to_general_channel_denied",
        "posting_to_slackbot_disallowed",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "restricted_action_thread_only_channel",
        "two_factor_setup_required",
    }
)
