package dev.palimpsest.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class SeedsTest {
  @Test
  void splitMix64_knownSeed_givesThePublishedSequence() {
    // the reference sequence of splitmix64.c for the seed 1234567
    RandomGenerator random = new Seeds.SplitMix64(1234567);
    assertThat(random.nextLong()).isEqualTo(6457827717110365317L);
    assertThat(random.nextLong()).isEqualTo(3203168211198807973L);
    assertThat(Long.toUnsignedString(random.nextLong())).isEqualTo("9817491932198370423");
  }

  @Test
  void seed_namesIndexesAndRoots_areAllApart() {
    Set<Long> seen = new HashSet<>();
    for (long root = 0; root < 50; root++) {
      Seeds seeds = new Seeds(root);
      for (String name : new String[] {"data", "init", "dropout", ""}) {
        seen.add(seeds.seed(name));
        for (long index = 0; index < 50; index++) {
          seen.add(seeds.seed(name, index));
        }
      }
    }
    assertThat(seen).hasSize(50 * 4 * 51);
  }

  @Test
  void generator_sameNameTwice_startsAtTheSamePoint() {
    Seeds seeds = new Seeds(3);
    assertThat(seeds.generator("data", 2).nextLong())
        .isEqualTo(seeds.generator("data", 2).nextLong());
    assertThat(seeds.generator("data").nextDouble()).isBetween(0.0, 1.0);
  }
}
