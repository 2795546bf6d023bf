package example;

import dev.palimpsest.Answer;
import dev.palimpsest.Data;
import dev.palimpsest.Decoding;
import dev.palimpsest.Ledger;
import dev.palimpsest.Model;
import dev.palimpsest.Run;
import dev.palimpsest.Tuned;
import java.nio.file.Path;
import java.util.List;

/** Learns a file, and tells what was gained and what was overwritten. */
public final class ReadmeExample {
  private ReadmeExample() {}

  /** MODEL, such as smollm2, and a FOLDER with train.jsonl, heldout.jsonl and old.jsonl. */
  public static void main(String[] arguments) {
    Path folder = Path.of(arguments[1]);
    try (Model base = Model.load(arguments[0])) {
      Run run =
          base.tune(Data.of(folder.resolve("train.jsonl")))
              .rank(16)
              .rate(1e-3)
              .epochs(1)
              .to(folder.resolve("run"));
      Tuned tuned = base.with(run.adapter());

      List<Answer> answers = tuned.generate(List.of("What is 2 plus 1?"), Decoding.greedy());
      System.out.println(answers.getFirst().text());

      double before = base.score(Data.of(folder.resolve("heldout.jsonl"))).nllPerToken();
      double after = tuned.score(Data.of(folder.resolve("heldout.jsonl"))).nllPerToken();
      System.out.printf("held out: %.2f -> %.2f nats a token%n", before, after);

      Ledger ledger =
          base.ledger(tuned)
              .gain(folder.resolve("heldout.jsonl"))
              .retention(folder.resolve("old.jsonl"))
              .measure();
      System.out.println(ledger.text());
    }
  }
}
