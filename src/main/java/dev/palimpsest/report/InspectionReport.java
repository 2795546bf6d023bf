package dev.palimpsest.report;

import dev.palimpsest.inspect.InspectedModule;
import dev.palimpsest.inspect.Inspection;
import dev.palimpsest.model.TensorChange;
import dev.palimpsest.run.AtomicFile;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An inspection's page: heat maps of what a change is by layer and kind of module. A map is a table
 * whose cells are shaded, so that it is read out, printed and copied like one.
 */
public final class InspectionReport {
  /** Where a module stands: its layer, and which of the layer's it is. */
  private static final Pattern PLACE = Pattern.compile(".*\\.layers\\.(\\d+)\\.(.+)");

  private static final int SHADES = 4;

  private final Inspection inspection;
  private final Map<Integer, Map<String, InspectedModule>> layers = new TreeMap<>();
  private final Set<String> kinds = new LinkedHashSet<>();
  private final Markup html = new Markup();

  /**
   * What a map shows.
   *
   * @param text of a value that is shown
   */
  private record Measure(
      String id,
      String heading,
      String note,
      ToDoubleFunction<InspectedModule> value,
      DoubleFunction<String> text) {}

  private InspectionReport(Inspection inspection) {
    this.inspection = inspection;
    for (InspectedModule module : inspection.modules()) {
      Matcher place = PLACE.matcher(module.name());
      if (place.matches()) {
        kinds.add(place.group(2));
        layers
            .computeIfAbsent(Integer.valueOf(place.group(1)), _ -> new TreeMap<>())
            .put(place.group(2), module);
      }
    }
  }

  /**
   * Writes the page.
   *
   * @throws dev.palimpsest.run.EnvironmentFailure if the file cannot be written
   */
  public static void write(Path file, Inspection inspection) {
    AtomicFile.write(file, page(inspection));
  }

  static String page(Inspection inspection) {
    return new InspectionReport(inspection).page();
  }

  private String page() {
    List<Measure> maps =
        List.of(
            new Measure(
                "relative-norm",
                "Relative norm",
                "Norm of each module's change over that of the base's matrix, in percent.",
                module -> 100 * module.relativeNorm(),
                InspectionReport::digits),
            new Measure(
                "intruders",
                "Intruder dimensions",
                "Among each changed matrix's strongest "
                    + inspection.top()
                    + " left singular vectors, those without a cosine of "
                    + inspection.epsilon()
                    + " or more with any of the base's.",
                InspectedModule::intruders,
                count -> Numbers.fixed(count, 0)),
            new Measure(
                "effective-rank",
                "Effective rank",
                "Over how many directions each module's change is spread: exp of the entropy of its"
                    + " singular values.",
                InspectedModule::effectiveRank,
                InspectionReport::digits));
    String title = "What was changed in the matrices";
    maps.forEach(this::map);
    modules();
    others();
    reading();
    return PlainPage.of(title, finding(), html);
  }

  private String finding() {
    return "%s over %s: %s modules, change of norm %s, %s\u00a0%% of the base's, %s intruders."
        .formatted(
            inspection.changed(),
            inspection.base(),
            Numbers.count(inspection.modules().size()),
            digits(inspection.norm()),
            digits(100 * inspection.relativeNorm()),
            Numbers.count(inspection.intruders()));
  }

  /** Three digits that count. */
  private static String digits(double value) {
    if (value == 0 || !Double.isFinite(value)) {
      return value == 0 ? "0" : "not finite";
    }
    BigDecimal rounded = BigDecimal.valueOf(value).round(new MathContext(3));
    int places = 2 - (int) Math.floor(Math.log10(Math.abs(rounded.doubleValue())));
    return Numbers.fixed(rounded.doubleValue(), Math.clamp(places, 0, 6));
  }

  private void map(Measure measure) {
    double most = inspection.modules().stream().mapToDouble(measure.value).max().orElse(0);
    html.section(measure.id, measure.heading);
    html.element("p", measure.note);
    if (most == 0) {
      html.element("p", "None in any module.").closeLine();
      return;
    }
    legend(most);
    List<String> columns = new ArrayList<>(List.of("layer"));
    columns.addAll(kinds);
    Table table = Table.open(html, measure.heading + " by layer", columns.toArray(String[]::new));
    layers.forEach(
        (layer, row) -> {
          table.begin(String.valueOf(layer));
          for (String kind : kinds) {
            InspectedModule module = row.get(kind);
            if (module == null) {
              table.cell("\u2013");
            } else {
              double value = measure.value.applyAsDouble(module);
              table.shaded(measure.text.apply(value), shade(value, most), told(module));
            }
          }
          table.end();
        });
    table.close();
    html.closeLine();
  }

  private static int shade(double value, double most) {
    return value > 0 ? Math.min(SHADES, 1 + (int) (SHADES * value / most)) : 0;
  }

  private void legend(double most) {
    html.open("p", "class", "legend").element("span", "0", "class", "tok");
    for (int i = 1; i <= SHADES; i++) {
      String limit = "up to " + digits(most * i / SHADES);
      html.text(" ").element("span", limit, "class", "tok more" + i);
    }
    html.closeLine();
  }

  private static String told(InspectedModule module) {
    return ("%s: norm %s, %s\u00a0%% of the base's; rank %d, effective %s, stable %s;"
            + " %d intruders with %s of its energy, null cosine %s; %s of the whole change")
        .formatted(
            module.name(),
            digits(module.norm()),
            digits(100 * module.relativeNorm()),
            module.rank(),
            digits(module.effectiveRank()),
            digits(module.stableRank()),
            module.intruders(),
            Numbers.percent(module.energyShare()),
            digits(module.nullCosine()),
            Numbers.percent(module.modelShare()));
  }

  private void modules() {
    html.section("modules", "Every module");
    html.open("details").element("summary", "The numbers of all modules");
    Table table =
        Table.open(
            html,
            "All modules",
            "module",
            "rank",
            "norm",
            "relative, %",
            "effective rank",
            "stable rank",
            "intruders",
            "their energy",
            "null cosine",
            "99\u00a0% below",
            "of the change");
    for (InspectedModule module : inspection.modules()) {
      table.row(
          module.name(),
          Numbers.count(module.rank()),
          digits(module.norm()),
          digits(100 * module.relativeNorm()),
          digits(module.effectiveRank()),
          digits(module.stableRank()),
          Numbers.count(module.intruders()),
          Numbers.percent(module.energyShare()),
          digits(module.nullCosine()),
          digits(module.nullCosine99()),
          Numbers.percent(module.modelShare()));
    }
    table.close();
    html.close().closeLine();
  }

  private void others() {
    if (inspection.others().isEmpty()) {
      return;
    }
    html.section("others", "What is no linear module");
    Table table = Table.open(html, "Other tensors that differ", "tensor", "norm", "relative, %");
    for (TensorChange change : inspection.others()) {
      table.row(change.toString(), digits(change.norm()), digits(100 * change.relativeNorm()));
    }
    table.close();
    html.closeLine();
  }

  private void reading() {
    html.section("reading", "How to read this");
    html.element(
        "p",
        "A change is W1 \u2212 W0 of a module. Point at a cell for all its numbers; the table of"
            + " all modules has the same. Shades go from 0 to the largest value of the map.");
    html.element(
        "p",
        "An intruder (arXiv 2410.21228) is a strong direction of the changed matrix that is like"
            + " none of the base's. The null cosine is what a random direction's largest cosine is"
            + " in a matrix of this shape. The count alone says nothing of harm: inspect"
            + " --controls writes the adapters that a ledger can hold it against.");
    html.closeLine();
  }
}
