"""A village in the middle of its work: cases in every state, a batch to approve, gifts, faults, an epoch to sign."""

import os
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from poruch.crypto import codes
from poruch.desk import banking, casework, openings, publishing, screening, treasury
from poruch.drills.bank import Bank
from poruch.events.charter import Programme
from poruch.events.drops import Answer, Person, Story
from poruch.events.kinds import Instalment
from poruch.journal import dropbox
from story.village import FUND_IBAN, GENERAL_REFERENCE, PLAN, Applicant, Village, found_village

LIST = b"name,birth_date,list,id\nViktar Nechuvany,1975-03-01,EU,17\nAlena Spisova,1980,UN,4\n"
IBANS = [
    "DE02120300000000202051",
    "DE02500105170137075030",
    "DE02100500000054540402",
    "DE02300209000106531065",
    "DE02200505501015871393",
    "DE02100100100006820101",
]
BUSY_PLAN = replace(
    PLAN,
    programmes=(
        Programme("first-months", "first-months", 2, (60000, 60000, 60000)),
        Programme("retraining", "retraining", 2, (90000,)),
    ),
)
STORIES = [
    ("be", "teacher", "Мяне звольнілі са школы за тое, што не падпісала пратакол з прыдуманымі лічбамі."),
    ("ru", "soldier", "Ушёл из части, документов нет. Стрелять в людей не стал."),
    (
        "ru",
        "police",
        "Я служил в отделе восемь лет. В августе нам приказали бить людей у проходной завода. Я отказался при всех и "
        "написал рапорт. Через четыре дня меня уволили, через неделю пришли к жене на работу.\n\n"
        "Сейчас мы в другой стране. Денег осталось на месяц. Хочу выучиться на сварщика.",
    ),
    ("be", "official", "Была сакратаром у пракуратуры. Звольнілася сама, бо не магла больш друкаваць тыя паперы."),
    ("be", "worker", "Нас адзінаццаць, стаялі за брамай разам. Усіх адзінаццаць звольнілі ў адзін дзень."),
    ("ru", "doctor", "Отказалась писать, что травм не было. Теперь без работы и под следствием."),
    ("uk", "official", "Слідчий. Відмовився підписати обвинувачення, якого не було."),
    ("en", "journalist", "State television. I would not read the text on air and walked out of the studio."),
    ("be", "doctor", "Медсястра. Дапамагала параненым каля стэлы, праз тыдзень забралі прапуск."),
    ("ru", "police", "ОМОН. Снял форму после первого дня. Прошу помочь брату, он остался там."),
    ("be", "worker", "Страйкаваў на калійным, адседзеў пятнаццаць сутак, працы больш няма нідзе ў горадзе."),
    ("en", "teacher", "I taught history. They wanted me to report which pupils were absent that Sunday."),
]


@dataclass
class Busy:
    village: Village
    people: list[Applicant] = field(default_factory=list)

    def case(self, desk: int, who: int):  # type: ignore[no-untyped-def]
        return self.village.desks[desk].cases.cases[self.people[who].drop]


def apply(village: Village, at: int) -> Applicant:
    language, who, happened = STORIES[at]
    code = codes.new_code()
    keys = codes.CodeKeys.from_code(code, village.charter.code_salt)
    told = Story(language, who, happened, "August", "they came once", "rent for two months", "", at == 4)
    name = "Alena Spisova" if at == 7 else f"Persona {'ABCDEFGHIJKL'[at]}lphina"
    sealed = dropbox.seal_submission(village.front.public, keys, told, Person(name, "by e-mail: p@example.org"))
    village.front.receive(sealed)
    return Applicant(name, code, keys, sealed.drop)


def check(busy: Busy, who: int) -> None:
    """Taken by 1, read by 2, opened by 2, 3 and 4, screened by 2."""
    village = busy.village
    casework.take(village.desks[1], busy.case(1, who))
    village.sync(2)
    two = village.desks[2]
    case = busy.case(2, who)
    casework.record_reading(two, case, "believable", "dates agree, knows the place", no_interest=True)
    openings.ask(two, f"Screen case {case.label} against a list, and nothing else.", [case.id])
    village.sync(2)
    for number in (3, 4):
        openings.agree(village.desks[number], list(village.desks[number].openings.openings.values())[-1])
    village.sync(2)
    opening = list(two.openings.openings.values())[-1]
    openings.open_all(two, opening)
    _index, sha256 = screening.current_list(two)
    casework.record_screening(two, case, "no-match", sha256, no_interest=True)
    two.act(openings.finish(two, opening))
    village.sync(2)


def grant(busy: Busy, who: int, payee: str) -> None:
    village = busy.village
    day = village.clock()
    instalments = [Instalment(60000, day), Instalment(60000, day.replace(month=day.month + 1))]
    casework.propose_grant(village.desks[1], busy.case(1, who), "first-months", instalments)
    village.sync(2)
    for number in (3, 4):
        case = busy.case(number, who)
        casework.approve_grant(village.desks[number], case, case.live_grant)
        village.sync(2)
    if payee:
        village.give_payee(busy.people[who], payee)
    village.sync(2)


def busy_village(folder: Path) -> Busy:
    """Founded on 1 September; today is 22 September."""
    village = found_village(folder, BUSY_PLAN, date(2026, 9, 1))
    busy = Busy(village)
    for desk in village.desks.values():
        screening.keep_list(desk, LIST)
    busy.people = [apply(village, at) for at in range(6)]
    village.sync(2)
    treasurer = village.desks[5]
    bank = Bank(FUND_IBAN, "Village fund", "EUR", 0, os.urandom)
    for amount in (100_000, 120_000, 90_000, 150_000, 45_000, 300_000):
        bank.receive(amount, GENERAL_REFERENCE, "A Giver", IBANS[0], village.clock())
    bank.receive(77_700, GENERAL_REFERENCE, "Muravejnik Software Ltd", "DE89370400440532013000", village.clock())
    bank.receive(1_234, "no reference at all", "Somebody", IBANS[2], village.clock())
    banking.import_statement(treasurer, bank.statement(village.clock(), village.clock()))
    for who in range(5):
        check(busy, who)
        grant(busy, who, IBANS[who])
    batch = treasury.propose_batch(treasurer, treasury.payable(treasurer), village.clock())
    village.sync(2)
    for number in (3, 1):
        desk = village.desks[number]
        treasury.approve_batch(desk, desk.ledger.batches[batch.proposal.batch])
    village.sync(2)
    file = treasury.export(treasurer, treasurer.ledger.batches[batch.proposal.batch]).file
    village.clock.turn(9)
    bank.accept_pain001(file, village.clock())
    bank.charge(250, "Account fee", village.clock())
    banking.import_statement(treasurer, bank.statement(village.clock(), village.clock()))
    busy.people += [apply(village, at) for at in range(6, 12)]
    village.sync(2)
    village.clock.turn(9)
    publication = publishing.propose_epoch(treasurer, village.clock())
    publishing.sign(treasurer, publication)
    village.sync(2)
    _go_on(busy)
    return busy


def _go_on(busy: Busy) -> None:
    """The second half: one case in each state."""
    village = busy.village
    check(busy, 5)
    grant(busy, 5, IBANS[5])
    treasury.propose_batch(village.desks[5], treasury.payable(village.desks[5]), village.clock())
    for who in (6, 7, 8, 9):
        casework.take(village.desks[1], busy.case(1, who))
    village.sync(2)
    casework.record_reading(village.desks[2], busy.case(2, 7), "believable", "the broadcast is known", no_interest=True)
    village.sync(2)
    openings.ask(
        village.desks[1],
        f"Screen case {busy.case(1, 7).label} against a list, and nothing else.",
        [busy.people[7].drop],
    )
    casework.write_message(village.desks[1], busy.case(1, 6), "Коли Вас звільнили і чи є наказ? Імен не пишіть.")
    village.sync(2)
    village.clock.turn(1)
    village.front.receive(
        dropbox.seal_answer(village.front.public, busy.people[6].keys, Answer("У серпні. Наказ є, але він удома."))
    )
    village.sync(2)
    check_only_checks(busy, 9)
    village.clock.turn(2)
    busy.people.append(village.apply("Alena Persona", "Прыйшлі позна, а я ўсё ж адмовіўся. Пішу з чужога тэлефона."))
    village.sync(2)


def check_only_checks(busy: Busy, who: int) -> None:
    """Case 9 stands before its grant: read, opened and screened."""
    village = busy.village
    two = village.desks[2]
    case = busy.case(2, who)
    casework.record_reading(two, case, "believable", "two colleagues of his tell the same", no_interest=True)
    openings.ask(two, f"Screen case {case.label} against a list, and nothing else.", [case.id])
    village.sync(2)
    for number in (3, 4):
        openings.agree(village.desks[number], list(village.desks[number].openings.openings.values())[-1])
    village.sync(2)
    opening = list(two.openings.openings.values())[-1]
    casework.record_screening(two, case, "no-match", screening.current_list(two)[1], no_interest=True)
    two.act(openings.finish(two, opening))
    village.sync(2)
