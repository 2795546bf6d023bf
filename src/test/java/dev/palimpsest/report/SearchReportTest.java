package dev.palimpsest.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** On a made-up document of two runs, two limits, and losses held against them by interval. */
class SearchReportTest {
  private static final JsonNode SAMPLE = SampleReport.document("search");

  private static ObjectNode sample() {
    return (ObjectNode) SAMPLE.deepCopy();
  }

  @Test
  void page_everySetting_isThereAndTheChosenOneMarkedOnce() {
    String page = SearchReport.page(SAMPLE);

    assertThat(page).contains("14 \u00b7 replay base:10%", "end \u00d7 0.25");
    assertThat(page.split("\u2713 chosen", -1)).hasSize(2);
    assertThat(page.split("class=\"chosen\"", -1)).hasSize(2);
    assertThat(page.split("<title>\\d+: run ", -1)).as("drawn").hasSize(1 + 14);
  }

  @Test
  void page_byInterval_holdsTheUpperEndAgainstTheLimit() {
    ObjectNode byPoint = sample().put("by", "point");

    assertThat(SearchReport.page(SAMPLE))
        .contains("\u2717 its upper end is over 2\u00a0%", "over a limit there");
    assertThat(SearchReport.page(byPoint))
        .contains("\u2713 within 2\u00a0%", "within the limits there, too")
        .doesNotContain("upper end is");
  }

  @Test
  void page_ofOneLimit_hasTheLossItselfAcross() {
    ObjectNode one = sample();
    ((ObjectNode) one.get("limits")).remove("common");
    one.findParents("kept").forEach(each -> ((ObjectNode) each.get("kept")).remove("common"));

    assertThat(SearchReport.page(SAMPLE)).contains("loss as a share of its limit, percent");
    assertThat(SearchReport.page(one)).contains(">lost, percent \u2192 worse<");
  }

  @Test
  void page_nothingChosen_saysSo() {
    ObjectNode none = sample().putNull("chosen");

    assertThat(SearchReport.page(none))
        .contains("Of 14 settings none gained anything within the limits")
        .doesNotContain("class=\"chosen\"", "class=\"other-half\"", "class=\"cards\"");
  }

  @Test
  void page_lossWithoutAnUpperLimit_isOverAndDrawnAtTheEdge() {
    ObjectNode document = sample();
    ObjectNode first = (ObjectNode) document.at("/tried/0/selection/kept/common");
    first.putNull("loss_ci95");

    assertThat(SearchReport.page(document)).doesNotContain("NaN", "Infinity");
  }

  @Test
  void page_heldOutLoss_isInNats() {
    ObjectNode document = sample();
    document
        .findParents("gained")
        .forEach(each -> ((ObjectNode) each.get("gained")).putNull("lost"));

    assertThat(SearchReport.page(document)).contains("gained, nats a label", "lower held-out loss");
  }

  @Test
  void page_namesFromFiles_areText() {
    ObjectNode document = sample().put("run", SampleReport.HOSTILE);
    ((ObjectNode) ((ArrayNode) document.get("tried")).get(0)).put("settings", "<b>bold</b>");

    assertThat(SearchReport.page(document)).doesNotContain("<script>alert", "<b>");
  }
}
