package dev.palimpsest.merge;

import dev.palimpsest.model.AddedTokens;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What adding tokens came to.
 *
 * @param vocabularyBefore rows of the embedding, as in {@code vocabularyAfter}
 * @param spareRows how many of the tokens took a row that was there for none
 * @param maxLogitChange largest difference of an old token's logit in fp32; null if it was not
 *     measured
 * @param maxLogit largest size of one of the base's
 */
public record GrownTokens(
    String out,
    String method,
    long parametersBefore,
    long parametersAfter,
    int vocabularyBefore,
    int vocabularyAfter,
    int spareRows,
    boolean special,
    List<Token> tokens,
    @Nullable Double maxLogitChange,
    @Nullable Double maxLogit) {
  static final String METHOD = "tokens";

  /**
   * A new token.
   *
   * @param pieces tokens that its text was before
   */
  public record Token(String token, int id, List<String> pieces) {
    /** Copies the list. */
    public Token {
      pieces = List.copyOf(pieces);
    }
  }

  /** Copies the list. */
  public GrownTokens {
    tokens = List.copyOf(tokens);
  }

  static GrownTokens of(Path out, Checkpoint base, AddedTokens added, Optional<LogitCheck> logits) {
    int before = base.config().vocabulary();
    int after = added.over(base.config()).vocabulary();
    Tokenizer old = base.tokenizer();
    List<Token> tokens = new ArrayList<>();
    for (int i = 0; i < added.tokens().size(); i++) {
      List<String> pieces = added.pieces().get(i).stream().map(old::token).toList();
      tokens.add(new Token(added.tokens().get(i), added.id(i), pieces));
    }
    return new GrownTokens(
        out.toString(),
        METHOD,
        base.config().parameters(),
        added.over(base.config()).parameters(),
        before,
        after,
        tokens.size() - (after - before),
        added.special(),
        tokens,
        logits.map(LogitCheck::largestChange).orElse(null),
        logits.map(LogitCheck::largestLogit).orElse(null));
  }

  /** For people. */
  public String text() {
    String logits =
        maxLogitChange == null
            ? "logits not checked"
            : "largest change of an old token's logit %.3g, of up to %.3g"
                .formatted(maxLogitChange, maxLogit);
    String listed =
        tokens.stream()
            .map(each -> "  %d %s, before %s%n".formatted(each.id, each.token, each.pieces))
            .collect(Collectors.joining());
    return ("%s%n%d %s tokens, %d of them in rows that were to spare:%n%s%d rows, before %d; %,d"
            + " parameters, before %,d%n%s%nthey mean nothing yet; to train them beside an"
            + " adapter:%n  palimpsest tune --model %s --train-tokens new --data DATA --out RUN")
        .formatted(
            out,
            tokens.size(),
            special ? "special" : "ordinary",
            spareRows,
            listed,
            vocabularyAfter,
            vocabularyBefore,
            parametersAfter,
            parametersBefore,
            logits,
            out);
  }
}
