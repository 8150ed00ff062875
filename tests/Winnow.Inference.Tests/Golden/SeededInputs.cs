namespace Winnow.Inference.Tests.Golden;

/// <summary>Eight tensors [3, 160, 160] that are the same on every machine: integers only, until one exact division.</summary>
internal static class SeededInputs
{
    public const int Count = 8;
    public const int Side = 160;

    public static float[] Make(int index)
    {
        var values = new float[3 * Side * Side];
        var state = 0x9E3779B97F4A7C15UL * (ulong)(index + 1);
        for (var i = 0; i < values.Length; i++)
        {
            // SplitMix64 (Steele, Lea, Flood 2014), on a pattern of stripes so that the inputs differ in more than noise.
            state += 0x9E3779B97F4A7C15UL;
            var z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            var noise = (int)((z ^ (z >> 31)) & 1023) - 512;
            var (x, y) = (i % Side, i / Side % Side);
            var stripes = (((x * (index + 1)) + (y * (8 - index))) % 256) - 128;
            values[i] = ((stripes * 8) + noise) / 768f;
        }
        return values;
    }
}
