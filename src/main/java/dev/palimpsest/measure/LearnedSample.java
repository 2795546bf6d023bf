package dev.palimpsest.measure;

import dev.palimpsest.data.Example;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Sha256;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ArrayNode;

/**
 * A training sample as its run sees it.
 *
 * @param id of its row
 * @param parts one, or those of a text that windows divide
 */
record LearnedSample(String id, List<Example> parts) {
  /** What a score depends on and how it is made; another number makes all of them anew. */
  private static final String FORMAT = "sample/1";

  /** Examples of one id are one sample; what has no label is not learned. */
  static List<LearnedSample> of(List<Example> examples) {
    Map<String, List<Example>> parts = new LinkedHashMap<>();
    for (Example example : examples) {
      if (example.labels() > 0) {
        parts.computeIfAbsent(example.id(), _ -> new ArrayList<>()).add(example);
      }
    }
    return parts.entrySet().stream()
        .map(entry -> new LearnedSample(entry.getKey(), List.copyOf(entry.getValue())))
        .toList();
  }

  /** The hash of all that its score under a model depends on. */
  String key(SubjectKey model) {
    ArrayNode all = Json.mapper().createArrayNode();
    all.add(FORMAT);
    model.addTo(all);
    for (Example part : parts) {
      ArrayNode ids = all.addArray();
      for (int i = 0; i < part.length(); i++) {
        ids.add(part.label()[i] ? -1 - part.ids()[i] : part.ids()[i]); // no id is negative
      }
    }
    return Sha256.of(all.toString());
  }
}
