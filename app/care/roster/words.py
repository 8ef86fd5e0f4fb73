"""The words that rosters use for the codes of the form."""

from __future__ import annotations

from app.care.parsing import half_width
from app.models import codes

__all__ = ["FLAG_WORDS", "LONG_TERM_CARE", "MERGED_INSURANCE", "PAYMENT_WORDS", "code_of"]

FLAG_WORDS: dict[str, str] = {
    word: code
    for code, words in {
        "general": "一般 一般人群 普通 普通人群",
        "senior": "老年人 65岁及以上 65岁以上 65岁及以上老年人 65岁以上老年人 65+ 老人",
        "hypertension": "高血压 高血压患者",
        "diabetes": "糖尿病 糖尿病患者 2型糖尿病 II型糖尿病",
        "copd": "慢阻肺 慢阻肺病 慢性阻塞性肺疾病 COPD",
        "stroke": "脑卒中 中风 脑梗 脑梗死 脑出血",
        "chd": "冠心病",
        "tumour": "肿瘤 恶性肿瘤 癌症",
        "mental": "严重精神障碍 精神障碍 精神病 重精 重性精神病",
        "tuberculosis": "结核病 肺结核 结核",
        "disabled": "残疾 残疾人",
        "incapacitated": "失能 失能老人",
        "dementia": "失智 失智老人 痴呆 老年痴呆",
        "low_income": "低保 低保户 低保人员",
        "destitute": "特困 特困人员 五保 五保户 特困供养",
        "lifted_poverty": "脱贫户 脱贫 脱贫人口 建档立卡 建档立卡户 贫困户",
        "special_family": "计生特殊家庭 失独 失独家庭 计划生育特殊家庭",
        "veteran": "优抚 优抚对象 退役军人",
        "living_alone": "独居 空巢 独居老人 空巢老人 独居/空巢 留守老人",
    }.items()
    for word in words.split()
}

PAYMENT_WORDS: dict[str, str] = {
    word: code
    for code, words in {
        "1": "城镇职工医保 城镇职工基本医保 职工医保 职工基本医疗保险 职工医疗保险 城职医保 职工",
        "2": "城镇居民医保 城镇居民基本医保 城镇居民",
        "3": "新农合 农合 新型农村合作医疗保险 农村合作医疗 合作医疗",
        "4": "医疗救助 贫困医疗救助 低保救助 救助",
        "5": "商业保险 商业医保 商保",
        "6": "公费 公费医疗",
        "7": "自费 自费医疗 无医保 无保险",
    }.items()
    for word in words.split()
}
"""Words of rosters for the codes of list ``payment``."""

MERGED_INSURANCE = frozenset(
    {
        *("城乡居民医保", "城乡居民基本医保", "城乡居民基本医疗保险", "城乡居民医疗保险"),
        *("城乡居民", "居民医保", "居民基本医疗保险", "城乡医保"),
    }
)
"""Codes 2 and 3 of the form are one insurance today (domain rules §2.3): a setting says which of
the two is ticked for it."""

LONG_TERM_CARE = frozenset(["长护险", "长期护理保险", "长护保险", "长期护理险"])
"""Not on the form of 2017: kept as "other" with its name."""

_OTHER_WORDS: dict[str, dict[str, str]] = {
    "sex": {"男性": "1", "女性": "2", "m": "1", "f": "2", "male": "1", "female": "2"},
    "residency": {"是": "1", "否": "2", "常住": "1", "本地": "1", "户籍人口": "1", "流动": "2",
                  "非户籍人口": "2", "外来": "2"},
    "marital": {"已婚": "2", "有配偶": "2", "丧偶": "3", "离异": "4", "未说明": "5"},
    "education": {"文盲": "9", "半文盲": "9", "小学": "8", "初中": "7", "高中": "6", "中专": "4",
                  "大专": "3", "本科": "2", "大学": "2", "不详": "10"},
    "relation": {"儿子": "20", "长子": "20", "次子": "20", "女儿": "30", "妻子": "10", "丈夫": "10",
                 "夫妻": "10", "妻": "10", "夫": "10", "父子": "50", "父亲": "50", "母亲": "50",
                 "孙子": "40", "孙女": "40", "兄弟": "70", "姐妹": "70"},
}  # fmt: skip


def code_of(code_list: str, text: str) -> str:
    """The code for a word or a code of a list; "" where it is none of them."""
    word = half_width(text).strip().casefold()
    if not word:
        return ""
    if codes.is_known(code_list, word):
        return word
    if word.isdigit() and codes.is_known(code_list, f"{int(word):02d}"):
        return f"{int(word):02d}"
    for entry in codes.entries(code_list):
        names = {entry.zh.casefold(), entry.en.casefold()}
        if word in names or (code_list == "ethnicity" and entry.zh.removesuffix("族") == word):
            return entry.code
    return _OTHER_WORDS.get(code_list, {}).get(word, "")
