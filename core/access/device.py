"""What a User-Agent tells of a device, in few words: enough to know one's own sessions apart."""

import re

# The first that is found names it: each browser calls itself all those that came before it.
_PROGRAMS = {
    "MicroMessenger": "微信 WeChat",
    "AlipayClient": "支付宝 Alipay",
    "DingTalk": "钉钉 DingTalk",
    "HuaweiBrowser": "Huawei Browser",
    "UCBrowser": "UC",
    "QQBrowser": "QQ",
    "Quark": "夸克 Quark",
    "Edg": "Edge",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "OpenHarmony": "HarmonyOS",
    "HarmonyOS": "HarmonyOS",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Macintosh": "Mac",
    "Linux": "Linux",
}
#: A program of one's own names itself so, as in `curl/8.5.0`.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9 ._-]{0,29}", re.ASCII)


def describe_device(user_agent: str) -> str:
    """Name the browser and the system, else the program by its own word; nothing where it says nothing."""
    known = [next((word for sign, word in table.items() if sign in user_agent), "") for table in (_PROGRAMS, _SYSTEMS)]
    if any(known):
        return " · ".join(word for word in known if word)
    named = _NAME.match(user_agent)
    return named[0].strip() if named else ""
