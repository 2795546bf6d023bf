package dev.palimpsest.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.inspect.InspectedModule;
import dev.palimpsest.inspect.Inspection;
import dev.palimpsest.model.TensorChange;
import java.util.List;
import org.junit.jupiter.api.Test;

class InspectionReportTest {
  private static InspectedModule module(String name, double relative, int intruders) {
    return new InspectedModule(
        name, 4, 2.5, relative, 3.25, 1.5, List.of(2.0), intruders, 0.21, 0.3, 0.4, 0.5, List.of());
  }

  private static String page(String base, InspectedModule... modules) {
    return InspectionReport.page(
        new Inspection(
            base,
            "adapter",
            10,
            0.5,
            3,
            0.01,
            7,
            List.of(modules),
            List.of(new TensorChange("model.norm.weight", 0.5, 0.02, 0))));
  }

  @Test
  void page_modulesOfTwoLayers_areAMapByLayerAndKind() {
    String page =
        page(
            "base",
            module("model.layers.10.mlp.up_proj", 0.02, 0),
            module("model.layers.2.self_attn.q_proj", 0.005, 7),
            module("model.layers.2.mlp.up_proj", 0.0051, 1));

    assertThat(page)
        .contains("<th scope=\"col\">mlp.up_proj</th><th scope=\"col\">self_attn.q_proj</th>")
        .contains("<td class=\"heat more2\" title=\"model.layers.2.mlp.up_proj: norm 2.50, 0.510")
        .contains(">2.00</td><td>\u2013</td>") // layer 10 has no query
        .contains("<td class=\"heat more4\" title=\"model.layers.2.self_attn.q_proj: norm 2.50")
        .contains("7 intruders with 40.0\u00a0% of its energy, null cosine 0.210")
        .contains("<th scope=\"row\">model.norm.weight</th><td>0.500</td><td>2.00</td>");
    assertThat(page.indexOf("scope=\"row\">2<")).isLessThan(page.indexOf("scope=\"row\">10<"));
  }

  @Test
  void page_noIntruders_saysSoInsteadOfAMap() {
    assertThat(page("base", module("model.layers.0.mlp.up_proj", 0.0099996, 0)))
        .contains("<p>None in any module.</p>")
        .doesNotContain("Intruder dimensions by layer")
        .contains(">1.00</td>");
  }

  @Test
  void page_namesFromFiles_areText() {
    assertThat(page("<script>", module("model.layers.0.\"><b>", 0.1, 1)))
        .doesNotContain("<b>", "<script>")
        .contains("&quot;&gt;&lt;b&gt;");
  }
}
