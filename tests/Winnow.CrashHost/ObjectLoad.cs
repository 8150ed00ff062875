using System.Globalization;
using Winnow.Grains.Ports;

namespace Winnow.CrashHost;

/// <summary>Stores numbered lots of objects through every way of putting. Content follows from the key alone.</summary>
public static class ObjectLoad
{
    public const int PerLot = 40;

    public static async Task RunAsync(IObjectStore store) =>
        await Task.WhenAll(Enumerable.Range(0, 3).Select(writer => Task.Run(() => RunWriterAsync(store, writer))));

    public static string Key(int writer, int lot, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"w{writer}/{lot % 50:D2}/{lot}-{index}");

    public static byte[] Content(string key)
    {
        var bytes = new byte[200 + (key.Length * 977 % 9_000)];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)(key[i % key.Length] + i);
        return bytes;
    }

    private static async Task RunWriterAsync(IObjectStore store, int writer)
    {
        for (var lot = 0; ; lot++)
        {
            var keys = Enumerable.Range(0, writer == 0 ? PerLot : 1).Select(i => Key(writer, lot, i)).ToArray();
            switch (writer)
            {
                case 0:
                    await store.PutManyIfAbsentAsync([.. keys.Select(k => (k, (ReadOnlyMemory<byte>)Content(k)))], CancellationToken.None);
                    break;
                case 1:
                    await store.PutAsync(keys[0], Content(keys[0]), CancellationToken.None);
                    break;
                default:
                    await store.PutAsync(keys[0], async (stream, token) =>
                    {
                        foreach (var part in Content(keys[0]).Chunk(1_000)) await stream.WriteAsync(part, token);
                    }, CancellationToken.None);
                    break;
            }
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{writer} {lot}"));
        }
    }
}
