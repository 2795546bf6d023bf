package dev.palimpsest.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Findings in the order of their kinds; of one kind the first few, and a count of the rest. */
final class Findings {
  private static final int SHOWN = 5;

  private final Map<String, List<Finding>> byCode = new LinkedHashMap<>();
  private final Map<String, Integer> counts = new LinkedHashMap<>();

  void add(Finding.Severity severity, String code, String where, String message) {
    List<Finding> kind = byCode.computeIfAbsent(code, c -> new ArrayList<>());
    if (counts.merge(code, 1, Integer::sum) <= SHOWN) {
      kind.add(new Finding(severity, code, where, message));
    }
  }

  List<Finding> all() {
    List<Finding> all = new ArrayList<>();
    byCode.forEach(
        (code, kind) -> {
          all.addAll(kind);
          int rest = counts.getOrDefault(code, 0) - kind.size();
          if (rest > 0) {
            all.add(
                new Finding(kind.get(0).severity(), code, "", rest + " more rows of this kind"));
          }
        });
    return all;
  }
}
