"""What the demonstration's riders and residents write, from templates. All places are invented."""

import numpy as np

_PLACES = (
    "{stem}苑{n}号楼北侧",
    "{stem}苑{n}号楼单元门口",
    "{stem}路与演示{k}路路口{corner}角",
    "{stem}便民市场{side}门",
    "{stem}社区服务中心{side}侧人行道",
    "{stem}公交站旁",
    "{stem}口袋公园{side}入口",
    "演示{k}路{n}号门前",
)

_DETAILS = {
    "litter": (
        "垃圾桶已满，旁边堆了{n}袋垃圾，有异味。",
        "路边有散落的快餐盒和塑料袋，风一吹到处跑。",
        "绿化带里有人倒了生活垃圾，约两平方米。",
        "垃圾房门口堆了旧沙发和纸箱，挡住半边路。",
    ),
    "rubble": (
        "有人堆放装修垃圾，约{n}袋，已经占了一个车位。",
        "砖块和水泥块倒在路边，骑车经过要绕行。",
        "拆下的旧门窗和碎玻璃没人收，容易扎胎。",
    ),
    "road_damage": (
        "路面有一个坑，直径约半米，晚上看不清，电动车容易摔。",
        "人行道地砖翘起{n}块，推车过不去。",
        "非机动车道沥青开裂下沉，下雨后更明显。",
        "减速带缺了一截，露出螺栓。",
    ),
    "missing_cover": (
        "雨水井盖松动，车一压就翘起来。",
        "通信井盖缺了一角，洞口朝上，很危险。",
        "污水井盖移位，露出缝隙约{n}厘米。",
    ),
    "standing_water": (
        "雨后积水没过脚面，排水口被树叶堵了。",
        "路面积水约{n}米长，电动车过去会溅到行人。",
        "自来水从路缝里往外冒，已经流到对面。",
    ),
    "street_light": (
        "路灯连续{n}盏不亮，晚上送单看不清门牌。",
        "路灯一闪一闪，持续好几天了。",
        "路灯白天亮着、晚上不亮。",
    ),
    "blocked_lane": (
        "非机动车道停了{n}辆汽车，只能骑到机动车道上。",
        "占道摆摊，中午取餐时段完全过不去。",
        "共享单车倒了一片，盲道被堵。",
        "施工围挡占了整条人行道，没有留通道。",
    ),
    "fire_lane": (
        "消防通道停了{n}辆私家车，消防车进不来。",
        "楼道出口堆了电动车和杂物，安全出口打不开。",
    ),
    "greenery": (
        "行道树枝条折断，垂到路面上。",
        "绿篱被压坏约{n}米，露出铁丝。",
        "树坑里的支撑杆倒了，横在路边。",
    ),
    "illegal_building": (
        "一楼在公共绿地上搭了棚子，面积约{n}平方米。",
        "沿街店铺外扩了台阶，占了人行道。",
    ),
    "other": (
        "宣传栏玻璃碎了，地上有玻璃碴。",
        "公共座椅的木条断了{n}根，有钉子露出。",
        "充电桩排队区没有遮雨棚，希望能加装。",
    ),
    "help": (
        "家里老人行动不便，想问上门办理老年卡怎么预约。",
        "楼上漏水，协商几次没有结果，希望社区帮忙调解。",
        "小区快递柜经常满，骑手把件放在地上，希望增加一组。",
        "夜里烧烤店排烟和噪声影响休息，希望有人管一管。",
        "想了解附近有没有可以给电动车换电的地方。",
    ),
}

#: What staff write; a note for each verb that needs one, `close` for the result.
NOTES = {
    "contact": ("已电话联系上报人，马上到现场查看。", "已与当事人当面沟通，约定处理时间。"),
    "feedback": ("已到现场，正在处理，预计今天完成。", "需要调配材料，明天上午继续。", "已设置警示标志，等待备件。"),
    "handle": (
        "已清理完毕，现场恢复整洁。",
        "已修复，拍照留存。",
        "已联系责任人整改到位。",
        "已更换损坏部件，恢复正常。",
    ),
    "return": ("现场仍有残留，请重新处理。", "照片看不出处理结果，请补充处理。"),
    "reopen": ("上报人反映问题再次出现，重新办理。",),
    "hold": ("备件已订购，到货后继续处理。", "需等产权单位到场确认，先挂起。"),
    "void": ("测试提交，作废。",),
    "reject": ("现场核查未发现所述问题。", "不属于受理范围，已告知上报人办理途径。"),
    "follow_up": ("电话回访，上报人表示满意。", "现场回访，问题未再出现。", "回访时上报人希望今后加强巡查。"),
    "close": ("问题已解决，感谢您的上报。", "已处理完毕，谢谢您为社区出力。", "已整改到位，欢迎继续监督。"),
}


#: What every made-up description ends with, wherever it is shown.
MARK = "（演示数据）"


def describe(rng: np.random.Generator, category: str, stem: str) -> str:
    """Write one description of `category` at a made-up place of the community called `stem`."""
    values = {
        "stem": stem,
        "n": int(rng.integers(2, 9)),
        "k": "一二三四五六七八九"[int(rng.integers(0, 9))],
        "corner": ("东北", "东南", "西北", "西南")[int(rng.integers(0, 4))],
        "side": "东南西北"[int(rng.integers(0, 4))],
    }
    detail = pick(rng, _DETAILS[category])
    text = detail if category == "help" else f"{pick(rng, _PLACES)}，{detail}"
    return text.format_map(values) + MARK


def pick(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    """Take one of `choices`."""
    return choices[int(rng.integers(0, len(choices)))]
