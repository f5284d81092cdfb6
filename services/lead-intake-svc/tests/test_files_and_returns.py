"""What files have to do with replacements (I2.22), sales (I2.24) and erasure (I2.27)."""

from contracts.events import intake as i
from lead_intake_svc.testing import World, bearer, lead
from lead_intake_svc.testing_returns import taken_back

HEADER = "external_id,first_name,last_name,phone,email,replacement_for"


async def imported(world: World, *rows: str) -> str:
    content = "\n".join((HEADER, *rows)).encode()
    files, form = {"file": ("leads.csv", content)}, {"project_id": "prj_a"}
    sent = await world.http.post("/v1/imports", data=form, files=files, headers=bearer(world.key))
    assert sent.status_code == 201, sent.text
    while await world.service.app.http.state.importer.work_once():
        pass
    return str(sent.json()["id"])


async def test_i2_22_a_file_brings_replacements_each_with_its_own_result(world: World):
    one = await taken_back(world, external_id="gone-1")
    await taken_back(world, external_id="gone-2", phone="+358401555002", email="gone2@example.com")
    import_id = await imported(
        world,
        "new-1,Maija,Virtanen,040 1555101,new1@example.com,gone-1",
        "new-2,Maija,Virtanen,040 1555102,new2@example.com,gone-1",
        "new-3,Maija,Virtanen,040 1555103,new3@example.com,",
        "new-4,Maija,Virtanen,040 1555002,gone2@example.com,gone-2",
    )
    rows = await world.rows(
        "SELECT line, result, problems FROM import_rows WHERE import_id = $1 ORDER BY line", import_id
    )
    assert [row["result"] for row in rows] == ["accepted", "invalid", "accepted", "invalid"]
    codes = [row["problems"][0]["code"] for row in rows if row["result"] == "invalid"]
    assert codes == ["replacement-exists", "replacement-same-person"]
    (told,) = await world.service.published(i.LeadReplacedV1)
    assert isinstance(told, i.LeadReplacedV1)
    assert told.lead.lead_id == one
    (billable,) = await world.rows("SELECT billable FROM leads WHERE external_id = 'new-1'")
    assert billable["billable"] is False


async def test_i2_24_a_rule_sells_the_rows_of_a_file(world: World):
    buyer_id = await world.partner(name="Buyer", sells_leads=False, buys_leads=True)
    rule = await world.http.post("/v1/sales/rules", json={"buyer_id": buyer_id}, headers=world.service.headers())
    assert rule.status_code == 201
    await world.noticed()
    await imported(world, *(f"n{n},Maija,Virtanen,040 155520{n},n{n}@example.com," for n in range(5)))
    assert await world.count("sales") == 5
    assert len(await world.service.published(i.LeadSoldV1)) == 5


async def test_i2_27_rows_of_files_forget_the_erased_however_they_were_written(world: World):
    await world.push(lead(phone="+358401555301", email="kept@example.com"))
    await imported(
        world,
        "f-1,Kanaria,Lintu,(040) 155-5301,other@example.com,",
        "f-2,Kanaria,Lintu,not a number, KANARIA@Example.com ,lead_none",
        "f-3,Somebody,Else,1,else@,",
    )
    kept = "SELECT line FROM import_rows WHERE cells IS NOT NULL ORDER BY line"
    assert len(await world.rows(kept)) == 3
    body = {"phone": "+358401555301", "email": "kanaria@example.com"}
    erased = await world.http.post("/v1/erasures", json=body, headers=world.service.headers())
    assert erased.json()["receipts"][0]["removed"]["import_rows"] == 2, erased.text
    left = await world.rows("SELECT cells FROM import_rows WHERE cells IS NOT NULL")
    assert [row["cells"][1] for row in left] == ["Somebody"]
