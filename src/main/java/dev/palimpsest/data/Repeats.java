package dev.palimpsest.data;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Finds what stands twice: within the data, and in training and held-out data both. Texts are
 * compared by 64-bit hashes, long ones also by runs of 13 words (as GPT-3's authors did,
 * arXiv:2005.14165, appendix C).
 */
final class Repeats {
  private static final int RUN = 13;
  private static final double MUCH = 0.5;

  private final Dataset data;
  private final Findings findings;

  Repeats(Dataset data, Findings findings) {
    this.data = data;
    this.findings = findings;
  }

  /** Rows that are equal, equal but for case and punctuation, or answer one prompt differently. */
  void within() {
    Map<Long, Integer> exact = new HashMap<>();
    Map<Long, Integer> normal = new HashMap<>();
    Map<Long, Integer> prompts = new HashMap<>();
    for (int i = 0; i < data.size(); i++) {
      Sample sample = data.sample(i);
      Wording words = Wording.of(sample);
      Integer same = exact.putIfAbsent(Hashes.of(words.all()), i);
      Integer alike = normal.putIfAbsent(Hashes.of(Wording.normal(words.all())), i);
      Integer asked =
          words.prompt().isEmpty() ? null : prompts.putIfAbsent(Hashes.of(words.prompt()), i);
      String where = RowAudit.where(data, i, sample);
      if (same != null) {
        warn("duplicate", where, "the same as " + data.place(same));
      } else if (alike != null) {
        warn(
            "near-duplicate",
            where,
            "the same as " + data.place(alike) + " but for case and punctuation");
      } else if (asked != null) {
        warn(
            "conflicting-answers",
            where,
            "the prompt of " + data.place(asked) + " with another answer");
      }
    }
  }

  /** Held-out rows that training shows: whole, by their prompt, or by runs of 13 words. */
  void across(Dataset heldOut) {
    Map<Long, Integer> whole = new HashMap<>();
    Map<Long, Integer> prompts = new HashMap<>();
    Map<Long, Integer> runs = runsOf(heldOut);
    for (int i = 0; i < data.size(); i++) {
      Wording words = Wording.of(data.sample(i));
      String text = Wording.normal(words.all());
      whole.putIfAbsent(Hashes.of(text), i);
      prompts.putIfAbsent(Hashes.of(Wording.normal(words.prompt())), i);
      for (long run : runs(text)) {
        int row = i;
        runs.computeIfPresent(run, (r, first) -> first < 0 ? row : first);
      }
    }
    int touched = 0;
    for (int i = 0; i < heldOut.size(); i++) {
      Sample sample = heldOut.sample(i);
      Wording words = Wording.of(sample);
      String prompt = Wording.normal(words.prompt());
      String text = Wording.normal(words.all());
      String where = heldOut.file().getFileName() + ", " + RowAudit.where(heldOut, i, sample);
      Integer same = whole.get(Hashes.of(text));
      Integer asked = prompt.isEmpty() ? null : prompts.get(Hashes.of(prompt));
      if (same != null) {
        leak(where, "held-out row is trained on: " + data.place(same) + " of the training data");
      } else if (asked != null) {
        leak(
            where, "held-out prompt is trained on: " + data.place(asked) + " of the training data");
      } else {
        touched += overlap(where, runs(text), runs) ? 1 : 0;
      }
    }
    if (touched > 0) {
      findings.add(
          Finding.Severity.INFO,
          "shared-wording",
          "",
          touched
              + " held-out rows share a run of 13 words with the training data, but less than"
              + " half of their runs");
    }
  }

  /** Warns of a row most of which was seen in training; whether a smaller part of it was. */
  private boolean overlap(String where, long[] own, Map<Long, Integer> seen) {
    int found = 0;
    int first = -1;
    for (long run : own) {
      int row = seen.getOrDefault(run, -1);
      found += row >= 0 ? 1 : 0;
      first = first < 0 ? row : first;
    }
    if (found == 0) {
      return false;
    }
    double share = (double) found / own.length;
    if (share < MUCH) {
      return true;
    }
    warn(
        "leak-overlap",
        where,
        String.format(
            Locale.ROOT,
            "%.0f %% of its runs of 13 words stand in the training data (first in %s)",
            100 * share,
            data.place(first)));
    return false;
  }

  private static Map<Long, Integer> runsOf(Dataset heldOut) {
    Map<Long, Integer> runs = new HashMap<>();
    for (int i = 0; i < heldOut.size(); i++) {
      for (long run : runs(Wording.normal(Wording.of(heldOut.sample(i)).all()))) {
        runs.put(run, -1);
      }
    }
    return runs;
  }

  /** Hashes of every 13 words that follow each other. */
  private static long[] runs(String normal) {
    String[] words = normal.split(" ", -1);
    long[] runs = new long[Math.max(0, words.length - RUN + 1)];
    for (int i = 0; i < runs.length; i++) {
      long hash = 0;
      for (int j = i; j < i + RUN; j++) {
        hash = Hashes.mix(hash ^ Hashes.of(words[j]));
      }
      runs[i] = hash;
    }
    return runs;
  }

  private void warn(String code, String where, String message) {
    findings.add(Finding.Severity.WARNING, code, where, message);
  }

  private void leak(String where, String message) {
    findings.add(Finding.Severity.ERROR, "leak", where, message);
  }
}
