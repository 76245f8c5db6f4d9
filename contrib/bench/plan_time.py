"""What `check` and `--dry-run --json` take on large schedules, beside libyaml alone on the same file."""
import json
import random
import time

from common import Campaign, Figures, measured, say

WORDS = {
    "en": "the new release is out today with faster sync better accessibility and a calmer timeline",
    "de": "heute veröffentlichen wir die neue Fassung mit schnellerer Übertragung größerer Zugänglichkeit",
    "es": "hoy publicamos la nueva edición con sincronización más rápida mejor accesibilidad mañana",
    "pl": "dzisiaj publikujemy nową wersję z szybszą synchronizacją lepszą dostępnością źródła",
    "ru": "сегодня мы выпускаем новую версию с более быстрой синхронизацией попробуйте",
    "ja": "本日 新しい版を 公開しました 同期が 速くなり 見やすさも 改善しています ぜひ お試し ください",
    "ar": "اليوم نصدر النسخة الجديدة مع مزامنة أسرع وإتاحة أفضل وخط زمني أهدأ",
    "hi": "आज हम नया संस्करण जारी कर रहे हैं जिसमें तेज़ समकालन बेहतर सुगमता और शांत समयरेखा है",
}
SPICE = ["🎉", "👩‍💻", "🏳️‍🌈", "👍🏽", "❤️", "#FOSS", "#Accessibilité", "@team@social.example", "https://example.org/n/4711?from=post"]
ACCOUNTS = 4
STEP_S = 90


def text_of(chance, language):
    words, size, text = WORDS[language].split(), 0, []
    while size < 200:
        word = chance.choice(SPICE) if chance.random() < 0.08 else chance.choice(words)
        text.append(word)
        size += len(word) + 1
    return " ".join(text)


def posts(count):
    """One delivery each; the same in every run but for the day on which they begin."""
    chance, start = random.Random(42), (int(time.time()) // 86400 + 2) * 86400
    for n in range(count):
        language = chance.choice(list(WORDS))
        text = f"{{{language}: {json.dumps(text_of(chance, language), ensure_ascii=False)}}}"
        yield f"post-{n:06d}", start + n * STEP_S, text, f"account-{n % ACCOUNTS}"


def run(bench):
    figures, languages = Figures("plan_time"), "[" + ", ".join(WORDS) + "]"
    for count in (1000, 10000) if bench.quick else (1000, 10000, 100000):
        rounds = bench.rounds or (3 if bench.quick else 5)
        with Campaign(bench) as campaign:
            campaign.accounts("http://127.0.0.1:9", ACCOUNTS, languages)
            campaign.posts(posts(count), languages)
            commands = {"check": campaign.command("check"), "plan": campaign.command("--dry-run", "--json"),
                        "scan": [bench.tool("yamlscan"), campaign.schedule]}
            results = {name: [] for name in commands}
            for _ in range(rounds):
                for name, command in commands.items():
                    results[name].append(measured(bench, command, campaign.folder))
            size_mb = campaign.schedule.stat().st_size / 1e6
        say(f"plan_time: {count} posts, {size_mb:.1f} MB: " +
            ", ".join(f"{name} {r[-1]['cpu_s']:.3f} s {r[-1]['rss_kb'] / 1024:.0f} MB" for name, r in results.items()))
        for name, what in (("check", "check"), ("plan", "--dry-run --json")):
            for member, unit, factor in (("wall_s", "s wall", 1), ("cpu_s", "s CPU", 1), ("rss_kb", "MB peak RSS", 1024)):
                figures.add(f"{what}, {count} posts ({size_mb:.1f} MB)", unit, [r[member] / factor for r in results[name]],
                            "libyaml events", [r[member] / factor for r in results["scan"]])
    return figures
