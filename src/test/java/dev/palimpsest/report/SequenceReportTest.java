package dev.palimpsest.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** On a made-up document of three tasks in two orders. */
class SequenceReportTest {
  private static final JsonNode SAMPLE = SampleReport.document("sequence");

  private static ObjectNode alone() {
    ObjectNode document = (ObjectNode) SAMPLE.deepCopy();
    ((ArrayNode) document.get("courses")).remove(1);
    document.set("mean", document.at("/courses/0/summary"));
    return document;
  }

  @Test
  void page_matrix_isShadedByRateAndTellsTheChangeSinceItWasLearned() {
    assertThat(SequenceReport.page(SAMPLE))
        .contains("form \u2192 facts \u2192 regulations-of-the-house, seed 1")
        .contains("<td class=\"heat more4 learned\">92.9\u00a0%<small>learned here</small></td>")
        .contains("72.9\u00a0%<small>\u25bc \u221220.0 [\u221225.3, \u221214.7]</small></td>")
        .contains("<th scope=\"row\">the model</th><td class=\"heat more1\">4.2\u00a0%");
  }

  @Test
  void page_retention_isColouredOnlyBeyondDoubtAndMoreBitsAreWorse() {
    assertThat(SequenceReport.page(SAMPLE))
        .contains("<td class=\"heat less2\">54.2\u00a0%<small>\u25bc \u22129.2")
        .contains("<td class=\"heat less2\">1.2431<small>\u25bc +0.0300 [+0.0200, +0.0400]");
  }

  @Test
  void page_ofOneCourse_hasNoTableOfCourses() {
    assertThat(SequenceReport.page(SAMPLE)).contains("Course by course", "2 courses of 3 tasks");
    assertThat(SequenceReport.page(alone()))
        .doesNotContain("Course by course")
        .contains("regulations-of-the-house, seed 1: after the last stage");
  }

  @Test
  void page_withoutIntervals_callsNothingBeyondDoubt() {
    ObjectNode document = alone();
    ObjectNode mean = (ObjectNode) document.get("mean");
    mean.remove("backward_transfer_ci95");
    assertThat(SequenceReport.page(document))
        .contains("neither forgetting nor a gain is beyond doubt", "no interval");
  }

  @Test
  void page_namesFromFiles_areText() {
    ObjectNode document = alone();
    document.put("model", SampleReport.HOSTILE);
    ((ArrayNode) document.at("/courses/0/order")).set(0, "<b>bold</b>");
    assertThat(SequenceReport.page(document)).doesNotContain("<script>alert", "<b>");
  }

  @Test
  void write_whatDoesNotFitTogether_isRefusedByName(@TempDir Path folder) throws IOException {
    ObjectNode document = alone();
    ((ArrayNode) document.at("/courses/0/base")).remove(0);
    Files.writeString(folder.resolve("sequence.json"), document.toString());
    assertThatThrownBy(() -> SequenceReport.write(folder.resolve("page.html"), folder))
        .isInstanceOf(BadInput.class)
        .hasMessageContainingAll("sequence.json", "do not fit together");
    assertThat(folder.resolve("page.html")).doesNotExist();
  }
}
