// SPDX-License-Identifier: Apache-2.0
// Serves MongoDB's protocol from memory on a free loopback port and says which.
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;

class Server {
	public static void main(String[] args) throws Exception {
		MongoServer server = new MongoServer(new MemoryBackend());
		Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
		server.bind("127.0.0.1", 0);
		System.out.println("listening on port " + server.getLocalAddress().getPort());
		Thread.currentThread().join();
	}
}
