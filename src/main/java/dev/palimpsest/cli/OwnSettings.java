package dev.palimpsest.cli;

import dev.palimpsest.run.BadInput;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Options that some methods have and others have not. */
final class OwnSettings {
  private OwnSettings() {}

  /**
   * Refuses what is given and belongs to another method.
   *
   * @param own names of the method's options
   * @param given values by name; null for none
   */
  static void require(String method, Set<String> own, Map<String, @Nullable Object> given) {
    given.forEach(
        (name, value) -> {
          if (value != null && !own.contains(name)) {
            throw new BadInput(name + ": is no setting of --method " + method);
          }
        });
  }
}
